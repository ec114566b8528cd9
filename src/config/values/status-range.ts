/** `404` or `520-527` as the statuses that it names, within the bounds; undefined for anything else. */
export function parseStatusRange(input: unknown, least: number, most: number): readonly number[] | undefined {
  const found = /^(\d{3})(?:-(\d{3}))?$/.exec(typeof input === 'number' || typeof input === 'string' ? `${input}` : '')
  if (found === null) return undefined
  const first = Number(found[1])
  const last = Number(found[2] ?? found[1])
  if (first < least || last > most || first > last) return undefined
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
