/** A billing month: from midnight of its first day to midnight of the next month's, in the biller's time zone. Epoch ms. */
export interface Month {
  readonly start: number
  readonly end: number
}

/** Rates are averages over so many milliseconds. Every time zone is a multiple of it away from UTC. */
export const SAMPLE_MS = 300_000

const formats = new Map<string, Intl.DateTimeFormat>()

/** The month that a moment lies in. Throws RangeError for an unknown time zone. */
export function monthOf(now: number, timezone: string): Month {
  const { year, month } = localTime(now, timezone)
  return { start: midnight(year, month, timezone), end: midnight(year, month + 1, timezone) }
}

/** How many samples a month has: 8,640 in 30 days, a few more or fewer where the clocks change. */
export function samplesOf({ start, end }: Month): number {
  return Math.round((end - start) / SAMPLE_MS)
}

/** `2026-11`, as the biller calls it. */
export function monthName({ start }: Month, timezone: string): string {
  const { year, month } = localTime(start, timezone)
  return `${year}-${String(month + 1).padStart(2, '0')}`
}

/**
 * The first moment of a month, `month` counting from 0. The offset there is not the one that the guess has; and where
 * the clocks go forward at midnight the first day has none, and begins with the guess.
 */
function midnight(year: number, month: number, timezone: string): number {
  const wall = Date.UTC(year, month, 1)
  const guess = wall - offsetAt(wall, timezone)
  const start = wall - offsetAt(guess, timezone)
  return start + offsetAt(start, timezone) < wall ? guess : start
}

/** Milliseconds that the time zone's clocks are ahead of UTC. */
function offsetAt(at: number, timezone: string): number {
  const { year, month, day, hour, minute } = localTime(at, timezone)
  return Date.UTC(year, month, day, hour, minute) - Math.floor(at / 60_000) * 60_000
}

function localTime(at: number, timezone: string) {
  let format = formats.get(timezone)
  if (format === undefined) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    format = new Intl.DateTimeFormat('en-US', { ...fields, timeZone: timezone, hourCycle: 'h23', calendar: 'iso8601' })
    formats.set(timezone, format)
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts
  return { year, month: month - 1, day, hour, minute }
}
