import { parseDistance } from '../values/distance.ts'
import { parseDuration } from '../values/duration.ts'
import { refuse } from '../values/refusal.ts'
import { parseSize } from '../values/size.ts'
import { parseStatusRange } from '../values/status-range.ts'
import { text } from './text.ts'

/** Timers of Node hold 31 bits of milliseconds and fire at once beyond that. */
const LONGEST_TIMER = '500h'

/** Milliseconds, within bounds that are written as durations themselves. */
export function duration({ min = '1ms', max = LONGEST_TIMER } = {}) {
  const least = parseDuration(min)!
  const most = parseDuration(max)!
  return text(
    'a duration such as 500ms, 10s, 5m or 1h',
    (input) => {
      const value = parseDuration(input)
      return value !== undefined && (value < least || value > most) ? refuse(`must be from ${min} to ${max}`) : value
    },
    { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$|\\$\\{' },
  )
}

/** Bytes, within bounds that are written as sizes themselves. */
export function size(min: string, max: string) {
  const least = parseSize(min)!
  const most = parseSize(max)!
  return text(
    'a size such as 64KiB, 10MiB, 1GiB or a number of bytes',
    (input) => {
      const value = parseSize(input)
      return value !== undefined && (value < least || value > most) ? refuse(`must be from ${min} to ${max}`) : value
    },
    { type: ['string', 'integer'] as never, pattern: '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB|TiB)$|\\$\\{' },
  )
}

/** Kilometres. */
export function distance() {
  return text('a distance such as 500km', parseDistance, { type: 'string', pattern: '^\\d+(\\.\\d+)?km$|\\$\\{' })
}

/** A status or a range of them, as the list of statuses. */
export function statuses(least: number, most: number) {
  return text(
    `a status such as ${least} or a range such as 520-527, from ${least} to ${most}`,
    (input) => parseStatusRange(input, least, most),
    { type: ['string', 'integer'] as never, pattern: '^\\d{3}(-\\d{3})?$|\\$\\{' },
  )
}
