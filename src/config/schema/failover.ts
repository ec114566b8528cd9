import * as z from 'zod'
import { parseDuration } from '../values/duration.ts'
import { refuse } from '../values/refusal.ts'
import { keyed } from './keyed.ts'
import { duration } from './quantities.ts'
import { text } from './text.ts'

const percent = z.number().min(0).max(100)

export const outlierDetection = keyed({
  consecutive_failures: z.int().min(1).max(1000).prefault(5).describe('Failures in a row that eject an endpoint.'),
  failure_percent: percent.prefault(50).describe('Failures of 100 requests that eject it too; 0: not by rate.'),
  min_requests: z.int().min(1).max(1_000_000).prefault(20).describe('Requests in the interval before the rate counts.'),
  interval: duration({ min: '1s', max: '60s' }).prefault('10s').describe('How far back the rate looks.'),
  base_ejection: duration({ min: '100ms' }).prefault('30s').describe('The first ejection; it grows with each one.'),
  max_ejection: duration({ min: '100ms' }).prefault('300s').describe('The longest ejection.'),
  max_ejection_percent: percent
    .prefault(100)
    .describe('Most endpoints of a policy that are left out at once; the last one never is.'),
})

export const hedge = keyed({
  enabled: z.boolean().prefault(false).describe('Whether a second request may run beside a slow first one.'),
  after: text('p95, or a duration such as 500ms', parseHedgeDelay)
    .prefault('p95')
    .describe("When it starts; p95: when 95 of 100 of the endpoint's answers would have begun."),
  min_delay: duration({ min: '1ms', max: '60s' }).prefault('500ms').describe('The earliest that p95 may mean.'),
  max_extra_percent: percent.prefault(1).describe('Second requests for 100 requests.'),
})

/** Beyond it the first attempt's own timeout has passed. */
const LONGEST_HEDGE = 60_000

function parseHedgeDelay(input: unknown) {
  if (input === 'p95') return 'p95' as const
  const value = parseDuration(input)
  return value !== undefined && (value < 1 || value > LONGEST_HEDGE) ? refuse('must be from 1ms to 60s') : value
}

/** Requests that may wait for response headers at one endpoint. */
export function circuitBreaker(maxRequests: number) {
  return keyed({
    max_requests: z
      .int()
      .min(1)
      .max(1_000_000)
      .prefault(maxRequests)
      .describe('Requests that may wait for response headers at one endpoint.'),
  })
}

export const resume = keyed({
  enabled: z.boolean().prefault(true).describe('Whether a body that breaks off is finished from another endpoint.'),
  require: z
    .enum(['strong-etag', 'manifest', 'length-and-date'])
    .prefault('strong-etag')
    .describe('What proves that the rest belongs to what the client has; manifest: only a proof of its bytes.'),
})
