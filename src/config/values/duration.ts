const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** `500ms`, `10s`, `1.5m`, `1h` or 0 in milliseconds; undefined for anything else. */
export function parseDuration(input: unknown): number | undefined {
  if (input === 0) return 0
  const found = typeof input === 'string' ? /^(\d{1,10}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(input) : null
  if (found === null) return undefined
  return Math.round(Number(found[1]) * UNITS[found[2] as keyof typeof UNITS])
}
