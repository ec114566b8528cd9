/** `500km` or 0 in kilometres; undefined for anything else. */
export function parseDistance(input: unknown): number | undefined {
  if (input === 0) return 0
  const found = typeof input === 'string' ? /^(\d{1,6}(?:\.\d{1,6})?)km$/.exec(input) : null
  return found === null ? undefined : Number(found[1])
}
