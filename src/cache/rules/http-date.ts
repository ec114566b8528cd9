const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const TIME = String.raw`(\d\d):(\d\d):(\d\d)`
const DAY = '(?:mon|tue|wed|thu|fri|sat|sun)'
const LONG_DAY = '(?:mon|tues|wednes|thurs|fri|satur|sun)day'
const MONTH = `(${MONTHS.join('|')})`
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const IMF = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`, 'i')
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`, 'i')
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME = new RegExp(`^${DAY} ${MONTH} (\\d\\d| \\d) ${TIME} (\\d{4})$`, 'i')

/**
 * Parses a date in one of its three forms (RFC 9110 section 5.6.7), in any case (RFC 9111 section 4.2). Milliseconds
 * since the epoch.
 *
 * @param now what two digits of a year are read by: no more than 50 years from then
 * @returns null for anything else: other zones, one-digit hours, a 30th of February
 */
export function parseHttpDate(text: string, now: number): number | null {
  const imf = IMF.exec(text)
  if (imf !== null) return toTime(Number(imf[3]), imf[2]!, imf[1]!, imf.slice(4))
  const old = RFC_850.exec(text)
  if (old !== null) return toTime(fullYear(Number(old[3]), now), old[2]!, old[1]!, old.slice(4))
  const asctime = ASCTIME.exec(text)
  if (asctime !== null) return toTime(Number(asctime[6]), asctime[1]!, asctime[2]!, asctime.slice(3))
  return null
}

/** RFC 9110 section 5.6.7: what seems more than 50 years ahead was the last year with these digits. */
function fullYear(digits: number, now: number): number {
  const year = new Date(now).getUTCFullYear()
  const candidate = year - (year % 100) + digits
  return candidate > year + 50 ? candidate - 100 : candidate
}

function toTime(year: number, month: string, day: string, [hours, minutes, rest]: readonly string[]): number | null {
  const monthIndex = MONTHS.indexOf(month.toLowerCase())
  const date = Number(day)
  const time = Date.UTC(year, monthIndex, date, Number(hours), Number(minutes), Math.min(59, Number(rest)))
  const valid = Number(hours) < 24 && Number(minutes) < 60 && Number(rest) < 61 && date > 0
  return valid && new Date(time).getUTCDate() === date ? time : null
}
