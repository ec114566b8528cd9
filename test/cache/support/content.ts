/** The bytes of the object with a number: 3 KiB to 1.9 MiB, the same each time. */
export function contentOf(at: number): Buffer {
  return Buffer.alloc(3_000 + at * 50_000, `${at}, `)
}
