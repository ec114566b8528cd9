import * as z from 'zod'
import { STRATEGIES, type StrategyName } from '../../steering/strategies/index.ts'
import { TIE_BREAKERS, type TieBreakerName } from '../../steering/tie-breakers/index.ts'
import { compress } from './compress.ts'
import { cost } from './cost.ts'
import { circuitBreaker, hedge, outlierDetection, resume } from './failover.ts'
import { hashOn } from './hash-on.ts'
import { headerRules } from './headers.ts'
import { keyed } from './keyed.ts'
import { name } from './names.ts'
import { cache } from './policy-cache.ts'
import { distance, duration, statuses } from './quantities.ts'
import { rateLimit } from './rate-limit.ts'

const STRATEGY_NAMES = Object.keys(STRATEGIES) as StrategyName[]
const TIE_BREAKER_NAMES = Object.keys(TIE_BREAKERS) as TieBreakerName[]
export const RETRY_ON = ['connect-failure', 'reset', 'response-timeout', 'corrupt'] as const

const retryOn = z.union([z.enum(RETRY_ON), statuses(400, 599)], {
  error: () => `one of ${RETRY_ON.join(', ')}, a status or a range of statuses from 400 to 599`,
})

const retry = keyed({
  attempts: z.int().min(1).max(20).prefault(3).describe('Tries of CDN endpoints, the first included.'),
  on: z
    .array(retryOn)
    .prefault([...RETRY_ON, 500, 502, 503, 504, '520-527', 530])
    .describe('Outcomes after which the next endpoint is tried.'),
  per_try_timeout: duration().prefault('5s').describe('Until the response headers of one try.'),
  timeout: duration().prefault('15s').describe('Until the response headers of all tries together.'),
  connect_timeout: duration().prefault('2s').describe('Until a connection stands, TLS included.'),
  body_idle_timeout: duration().prefault('30s').describe('Longest pause within a body.'),
  budget_percent: z
    .number()
    .min(0)
    .max(100)
    .prefault(20)
    .describe('Attempts that are not free, for 100 requests of the last 10 s.'),
  budget_per_second: z.number().min(0).max(1_000_000).prefault(10).describe('And as many a second in any case.'),
})

const redirect = keyed({
  status: z.literal([302, 307]).prefault(302).describe('The status of the redirect.'),
  max_age: duration({ min: '0s', max: '8760h' })
    .prefault('0s')
    .describe('How long a browser may remember it; 0: no-store.'),
})

export const policy = keyed({
  extends: name.optional().describe('Another policy, whose values hold where this one has none.'),
  cdns: z.array(name).prefault([]).describe('The CDNs to choose from.'),
  mode: z
    .enum(['proxy', 'redirect', 'origin'])
    .prefault('proxy')
    .describe('proxy: deliver through the gateway; redirect: send the client to the CDN; origin: no CDN.'),
  redirect: redirect.prefault({}).describe('Redirects of mode: redirect.'),
  strategy: z.enum(STRATEGY_NAMES).prefault('proximity').describe('How CDNs are ranked.'),
  tie_threshold: distance().prefault('500km').describe('Within this distance of the best, endpoints are equals.'),
  latency_tolerance: duration({ min: '0s', max: '60s' })
    .prefault('20ms')
    .describe('Within this time of the fastest, endpoints are equals.'),
  tie_breakers: z
    .array(z.enum(TIE_BREAKER_NAMES))
    .prefault(['latency', 'weight'])
    .describe('What orders equals, one after the other.'),
  measure_from: z
    .enum(['auto', 'client', 'gateway'])
    .prefault('auto')
    .describe('auto: the gateway in proxy mode when gateway.location is set, else the client.'),
  hash_on: hashOn.prefault('path'),
  affinity: z
    .enum(['none', 'client-network'])
    .prefault('none')
    .describe('client-network: of equals, the clients of a network always get the same one.'),
  cost: cost.prefault({}),
  fallback: z.enum(['origin', 'none']).prefault('origin').describe('What is asked when no CDN could answer.'),
  retry: retry.prefault({}).describe('How to fail over.'),
  hedge: hedge.prefault({}).describe('A second request when the first is slow.'),
  outlier_detection: outlierDetection.prefault({}).describe('When an endpoint is left alone for a while.'),
  circuit_breaker: circuitBreaker(1024).prefault({}).describe('When a busy endpoint gets no more requests.'),
  panic_threshold: z
    .number()
    .min(0)
    .max(100)
    .prefault(0)
    .describe('Percent of healthy endpoints below which ill ones are tried too; 0: only when none is healthy.'),
  slow_start: duration({ min: '0s', max: '1h' })
    .prefault('10s')
    .describe('How long an endpoint that came back takes to its full share.'),
  resume: resume.prefault({}).describe('Failover in the middle of a body.'),
  verify: z
    .enum(['required', 'when-possible', 'off'])
    .prefault('when-possible')
    .describe('Whether bytes must be proved; off: trusted CDNs are not asked for proofs. Others always are.'),
  cache: cache.prefault({}),
  compress: compress.prefault({}),
  headers: headerRules.prefault({}).describe('Header fields of requests and responses under this policy.'),
  rate_limit: rateLimit.nullable().prefault(null),
})
