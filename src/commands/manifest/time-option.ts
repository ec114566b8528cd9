const DAY = 86_400_000
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const DAYS = /^(\d{1,5})d$/

/** `90d` after a moment, or a time such as `2027-01-31T00:00:00Z`. RFC 3339 to the second; null: neither. */
export function parseTimeOption(text: string, from: number): string | null {
  const days = DAYS.exec(text)?.[1]
  const time = days === undefined ? (TIME.test(text) ? Date.parse(text) : Number.NaN) : from + Number(days) * DAY
  return Number.isNaN(time) ? null : isoSeconds(time)
}

/** RFC 3339 to the second, in UTC. */
export function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}
