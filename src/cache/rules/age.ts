import { deltaSeconds } from './directives.ts'
import { type Fields, linesOf } from './fields.ts'
import { trimBlanks } from './list.ts'

/** When an answer was asked for and when it came. Milliseconds since the epoch. */
export interface Times {
  readonly requestTime: number
  readonly responseTime: number
}

/**
 * Age of an answer as received, in seconds. RFC 9111 section 5.1: the first of several values counts, and what is no
 * number does not.
 */
export function ageValue(fields: Fields): number {
  const line = linesOf(fields, 'age')[0]
  if (line === undefined) return 0
  const age = deltaSeconds(trimBlanks(line.split(',')[0]!))
  return Number.isNaN(age) ? 0 : age
}

/**
 * How old an answer was when it came, in milliseconds: the larger of what the clocks and what the caches on its way say
 * (RFC 9111 section 4.2.3: corrected_initial_age).
 *
 * @param date the answer's Date; null: absent or invalid, so that it counts as just made
 */
export function initialAge(age: number, date: number | null, { requestTime, responseTime }: Times): number {
  const apparent = date === null ? 0 : Math.max(0, responseTime - date)
  // Time can be set back between the two.
  const delay = Math.max(0, responseTime - requestTime)
  return Math.max(apparent, age * 1000 + delay)
}

/** RFC 9111 section 4.2.3: current_age; milliseconds. */
export function currentAge(
  stored: { readonly initialAge: number; readonly responseTime: number },
  now: number,
): number {
  return stored.initialAge + Math.max(0, now - stored.responseTime)
}

/** The value of Age (RFC 9111 section 5.1). */
export function ageField(milliseconds: number): string {
  return String(Math.min(2 ** 31, Math.floor(milliseconds / 1000)))
}
