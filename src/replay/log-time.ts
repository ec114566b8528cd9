const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
/** `26/Nov/2026:23:09:06 +0000` */
const LENGTH = 26
const MINUTE = '26/Nov/2026:23:09'.length

/** Reads the time of combined logs. Lines of the same minute, nearly all neighbours, cost a comparison. */
export class LogTime {
  #minute = ''
  #zone = ''
  #base = 0

  /** Milliseconds since 1970; NaN for what is no time. `text` begins with it. */
  read(text: string): number {
    if (text.length < LENGTH) return Number.NaN
    const seconds = digits(text, MINUTE + 1, 2)
    if (!(seconds <= 60) || text[MINUTE] !== ':') return Number.NaN
    if (!text.startsWith(this.#minute) || !text.startsWith(this.#zone, LENGTH - 5) || this.#minute === '') {
      this.#minute = text.slice(0, MINUTE)
      this.#zone = text.slice(LENGTH - 5, LENGTH)
      this.#base = readMinute(this.#minute, this.#zone)
    }
    return this.#base + seconds * 1000
  }
}

function readMinute(minute: string, zone: string): number {
  if (!/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d$/.test(minute) || !/^[+-]\d{4}$/.test(zone)) return Number.NaN
  const month = MONTHS.indexOf(minute.slice(3, 6))
  const [day, year, hour] = [digits(minute, 0, 2), digits(minute, 7, 4), digits(minute, 12, 2)]
  if (month % 3 !== 0 || day < 1 || day > 31 || hour > 23 || digits(minute, 15, 2) > 59) return Number.NaN
  const offset = (digits(zone, 1, 2) * 60 + digits(zone, 3, 2)) * (zone[0] === '-' ? -60_000 : 60_000)
  return Date.UTC(year, month / 3, day, hour, digits(minute, 15, 2)) - offset
}

function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
