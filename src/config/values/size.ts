const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

/** `64KiB`, `10MiB`, `1GiB` or a number of bytes, in bytes; undefined for anything else. */
export function parseSize(input: unknown): number | undefined {
  if (typeof input === 'number') return Number.isSafeInteger(input) && input >= 0 ? input : undefined
  const found = typeof input === 'string' ? /^(\d{1,12}(?:\.\d{1,6})?)(B|KiB|MiB|GiB|TiB)$/.exec(input) : null
  if (found === null) return undefined
  return Math.round(Number(found[1]) * UNITS[found[2] as keyof typeof UNITS])
}
