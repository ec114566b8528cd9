import t from 'tap'
import type { Endpoint, RetryOn, RetrySettings } from '../../src/config/snapshot.ts'
import type { AttemptRecord, Outcome } from '../../src/delivery/outcome.ts'
import { hedgeCandidate, mayRetry, nextStep, type Progress, type Step } from '../../src/delivery/retry.ts'
import { ERRORS, type ErrorCode } from '../../src/errors.ts'
import type { Reason } from '../../src/steering/reasons.ts'
import { makeEndpoint, makePolicy, RETRY } from '../steering/support/build.ts'

const CONDITIONS: readonly RetryOn[] = ['connect-failure', 'reset', 'response-timeout', 'corrupt']

/** What each failure counts as; whatever is not named here is never retried. */
const COUNTS_AS: Partial<Record<ErrorCode, RetryOn>> = {
  dns_error: 'connect-failure',
  connection_refused: 'connect-failure',
  connection_timeout: 'connect-failure',
  destination_unavailable: 'connect-failure',
  destination_ip_prohibited: 'connect-failure',
  tls_certificate_error: 'connect-failure',
  tls_protocol_error: 'connect-failure',
  connection_terminated: 'reset',
  http_response_incomplete: 'reset',
  http_protocol_error: 'reset',
  http_response_timeout: 'response-timeout',
}

/** What tells about one endpoint and one object alone. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'resume_mismatch',
  'content_mismatch',
  'content_outdated',
  'content_unproved',
  'content_blocked',
  'content_not_found',
  'content_too_large',
  'content_unavailable',
])

const A = makeEndpoint('a')
const A2 = { ...makeEndpoint('a2'), cdnName: 'a' }
const B = makeEndpoint('b')
const C = makeEndpoint('c')
const ORIGIN = { ...makeEndpoint('origin'), cdn: null }
const ORIGIN2 = { ...makeEndpoint('origin2'), cdnName: 'origin', cdn: null }

function failed(code: ErrorCode, status: number | null = null): Outcome {
  return { kind: 'failed', code, status, sent: true }
}

function tried(endpoint: Endpoint, outcome: Outcome = failed('connection_refused')): AttemptRecord {
  return { endpoint, outcome, ms: 1 }
}

interface Situation extends Partial<Omit<Progress, 'decision'>> {
  readonly candidates?: readonly Endpoint[]
  readonly retry?: Partial<RetrySettings>
  readonly reason?: Reason
}

function after(situation: Situation): Step {
  const { candidates = [A, B, C], retry, reason = 'proximity', ...progress } = situation
  const policy = makePolicy({ retry: { ...RETRY, ...retry } })
  const ranked = candidates.map((endpoint) => ({ endpoint, reason, km: null }))
  const decision = { policy, measuredFrom: 'client' as const, candidates: ranked, rejected: [] }
  const defaults = {
    records: [],
    elapsed: 0,
    origin: [],
    originTimeout: 60_000,
    contentComplete: false,
    network: null,
    broke: false,
    random: () => 0.5,
  }
  return nextStep({ decision, ...defaults, ...progress })
}

/** `b 5000`, `origin 60000` or the code of a failure. */
function brief(step: Step): string {
  if (step.kind === 'fail') return step.code
  const { key } = step.kind === 'attempt' ? step.candidate.endpoint : step.endpoint
  return `${key} ${step.timeout}`
}

t.test('every outcome against every condition', (t) => {
  for (const on of [[], ...CONDITIONS.map((condition) => [condition]), CONDITIONS]) {
    const retry = { ...RETRY, on: new Set(on) }
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const condition = COUNTS_AS[code]
      const expected = ELSEWHERE.has(code) || (condition !== undefined && retry.on.has(condition))
      t.equal(mayRetry(failed(code), retry), expected, `${code} on [${on}]`)
    }
    t.notOk(mayRetry({ kind: 'served', status: 503 }, retry))
    t.notOk(mayRetry({ kind: 'aborted' }, retry))
  }
  t.end()
})

t.test('an answer is judged by its status alone', (t) => {
  const retry = { ...RETRY, on: new Set<RetryOn>(), onStatus: new Set([404, 503]) }
  for (const status of [200, 404, 500, 503]) {
    const expected = status === 404 || status === 503
    t.equal(mayRetry(failed('http_response_status', status), retry), expected)
  }
  t.end()
})

t.test('the candidates in their order', (t) => {
  t.equal(brief(after({})), 'a 5000')
  t.equal(brief(after({ records: [tried(A)] })), 'b 5000')
  t.equal(brief(after({ records: [tried(A), tried(B)] })), 'c 15000')
  t.end()
})

t.test('distinct CDNs first', (t) => {
  const candidates = [A, A2, B]
  t.equal(brief(after({ candidates, records: [tried(A)] })), 'b 5000')
  t.equal(brief(after({ candidates, records: [tried(A), tried(B)] })), 'a2 15000')
  t.equal(brief(after({ candidates: [A, A2], records: [tried(A)] })), 'a2 15000')
  t.end()
})

t.test('attempts count tries of candidates, the first included', (t) => {
  t.equal(brief(after({ retry: { attempts: 1 }, records: [tried(A)] })), 'connection_refused')
  t.equal(brief(after({ retry: { attempts: 2 }, records: [tried(A)] })), 'b 15000')
  t.equal(brief(after({ retry: { attempts: 2 }, records: [tried(A), tried(B)] })), 'connection_refused')
  t.end()
})

t.test('the last candidate gets what remains, the others their share of it at most', (t) => {
  t.equal(brief(after({ retry: { attempts: 1 } })), 'a 15000')
  t.equal(brief(after({ candidates: [A] })), 'a 15000')
  t.equal(brief(after({ elapsed: 12_000 })), 'a 3000')
  t.equal(brief(after({ elapsed: 6000, records: [tried(A), tried(B)] })), 'c 9000')
  t.equal(brief(after({ elapsed: 6000, records: [tried(A), tried(B)], origin: [ORIGIN] })), 'c 9000')
  t.end()
})

t.test('when the time is up no candidate is tried any more, but the origin has its own', (t) => {
  const records = [tried(A, failed('http_response_timeout'))]
  t.equal(brief(after({ elapsed: 15_000, records })), 'http_response_timeout')
  t.equal(brief(after({ elapsed: 99_999, records })), 'http_response_timeout')
  t.equal(brief(after({ elapsed: 15_000, records, origin: [ORIGIN] })), 'origin 60000')
  t.end()
})

t.test('the origin comes after the candidates, with its own timeout, each endpoint once', (t) => {
  const origin = [ORIGIN, ORIGIN2]
  const records = [tried(A), tried(B), tried(C)]
  t.equal(brief(after({ origin })), 'a 5000')
  t.equal(brief(after({ origin, records, originTimeout: 7 })), 'origin 7')
  t.equal(brief(after({ origin, records: [...records, tried(ORIGIN)] })), 'origin2 60000')
  const last = tried(ORIGIN2, failed('connection_timeout'))
  t.equal(brief(after({ origin, records: [...records, tried(ORIGIN), last] })), 'connection_timeout')
  t.equal(after({ origin, records }).kind, 'origin')
  t.end()
})

t.test('without candidates the origin is first, and tries of it do not use up attempts', (t) => {
  t.equal(brief(after({ candidates: [], origin: [ORIGIN] })), 'origin 60000')
  const retry = { attempts: 1 }
  t.equal(brief(after({ retry, candidates: [A], records: [tried(ORIGIN)], origin: [ORIGIN] })), 'a 15000')
  t.end()
})

t.test('an outcome that is not retried ends it, with candidates and origin left', (t) => {
  const records = [tried(A, failed('connection_refused'))]
  t.equal(brief(after({ records, retry: { on: new Set(['reset']) }, origin: [ORIGIN] })), 'connection_refused')
  t.end()
})

t.test('what the client is told: nothing tried 503, a wait 504, else 502', (t) => {
  const end = (...records: AttemptRecord[]) => {
    const step = after({ candidates: [], records })
    return step.kind === 'fail' ? ERRORS[step.code].status : step.kind
  }
  t.equal(end(), 503)
  t.equal(end(tried(A, failed('connection_timeout'))), 504)
  t.equal(end(tried(A, failed('http_response_timeout'))), 504)
  t.equal(end(tried(A, failed('connection_refused'))), 502)
  t.equal(end(tried(A, failed('http_response_timeout')), tried(B, failed('connection_terminated'))), 502)
  t.equal(end(tried(A, failed('http_response_status', 503))), 502)
  t.equal(end(tried(A, { kind: 'aborted' })), 503)
  t.end()
})

t.test('the first failover to a healthy endpoint is free, what goes beyond is paid for', (t) => {
  const paid = (situation: Situation) => {
    const step = after(situation)
    return step.kind === 'attempt' && step.paid
  }
  t.equal(paid({}), false)
  t.equal(paid({ records: [tried(A)] }), false)
  t.equal(paid({ records: [tried(A), tried(B)] }), true)
  t.equal(paid({ candidates: [A], records: [tried(A)] }), true, 'the same endpoint again')
  t.equal(paid({ candidates: [A], reason: 'panic' }), true, 'an endpoint that is ill')
  t.end()
})

t.test('a spent budget leaves the origin, or nothing', (t) => {
  const records = [tried(A), tried(B)]
  t.equal(brief(after({ records, broke: true, origin: [ORIGIN] })), 'origin 60000')
  t.equal(brief(after({ records, broke: true })), 'connection_refused')
  t.equal(brief(after({ records: [tried(A)], broke: true })), 'b 5000', 'what is free stays free')
  t.end()
})

t.test('when all were tried, the same ones again after a jittered moment', (t) => {
  const delays = (before: number, random: number) => {
    const records = Array.from({ length: before }, () => tried(A))
    const step = after({ candidates: [A], records, retry: { attempts: 99 }, random: () => random })
    return step.kind === 'attempt' ? step.delay : Number.NaN
  }
  t.strictSame(
    [1, 2, 3, 4, 5, 6].map((before) => delays(before, 0.999999) | 0),
    [24, 49, 99, 199, 249, 249],
  )
  t.equal(delays(3, 0), 0, 'full jitter')
  const again = after({ records: [tried(A), tried(B), tried(C)], retry: { attempts: 9 } })
  t.match(again, { kind: 'attempt', candidate: { endpoint: A }, timeout: 15_000 - 12.5 })
  t.end()
})

t.test('waiting as long once more at the same endpoint is not worth it', (t) => {
  for (const code of ['connection_timeout', 'http_response_timeout', 'tls_certificate_error', 'dns_error'] as const) {
    t.equal(brief(after({ candidates: [A], records: [tried(A, failed(code))] })), code)
  }
  const records = [tried(A, failed('connection_timeout')), tried(B)]
  t.match(after({ candidates: [A, B], records }), { kind: 'attempt', candidate: { endpoint: B } })
  t.end()
})

t.test('a challenge moves on, a rate limit only where the policy lists it', (t) => {
  const challenge: Outcome = { kind: 'refused', code: 'challenged', status: 403, sent: true }
  const limited: Outcome = { kind: 'refused', code: 'http_response_status', status: 429, sent: true }
  t.equal(brief(after({ records: [tried(A, challenge)] })), 'b 5000')
  t.equal(brief(after({ records: [tried(A, limited)] })), 'http_response_status')
  t.equal(brief(after({ records: [tried(A, limited)], retry: { onStatus: new Set([429]) } })), 'b 5000')
  t.end()
})

t.test('a hedge goes to a healthy endpoint of another CDN', (t) => {
  const decisionOf = (candidates: readonly Endpoint[], reason: Reason = 'proximity') => ({
    policy: makePolicy(),
    measuredFrom: 'client' as const,
    candidates: candidates.map((endpoint) => ({ endpoint, reason, km: null })),
    rejected: [],
  })
  t.equal(hedgeCandidate(decisionOf([A, A2, B]), [A])?.endpoint, B)
  t.equal(hedgeCandidate(decisionOf([A, A2]), [A])?.endpoint, A2)
  t.equal(hedgeCandidate(decisionOf([A]), [A]), null)
  t.equal(hedgeCandidate(decisionOf([A, B], 'panic'), [A]), null)
  t.end()
})
