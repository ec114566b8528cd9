import type { Forecast, ForecastCase } from './forecast.ts'
import type { Given } from './given.ts'

/** One of the `tests` of a configuration. */
export interface SteeringTest {
  /** The configured one, or `tests[i]`. */
  readonly name: string
  /** Where it stands in the configuration, `tests[0]`. */
  readonly path: string
  readonly asked: {
    readonly ip: string
    readonly host: string
    readonly path: string
    readonly method: string
    /** `name: value` each. */
    readonly headers: readonly string[]
  }
  readonly given: Given
  readonly expect: Expectation
}

/** What must hold; null and empty: nothing is expected. Names are those of CDNs, `origin` or `none`. */
export interface Expectation {
  readonly cdn: readonly string[] | null
  readonly not: readonly string[]
  readonly candidates: readonly string[]
  readonly reason: readonly string[] | null
  readonly rejected: Readonly<Record<string, string>>
  readonly site: string | null
  readonly route: string | null
  readonly policy: string | null
  readonly status: number | null
  /** Kilometres. */
  readonly within: number | null
}

/** An expectation that does not hold: its key, and both sides as texts. */
export interface Disappointment {
  readonly key: keyof Expectation
  readonly expected: string
  readonly got: string
}

/** What of the expectation does not hold. It has to in each case that chance may bring. */
export function disappointments(expect: Expectation, forecast: Forecast): readonly Disappointment[] {
  const { cdn, not, candidates, reason, rejected, status, within } = expect
  const { cases } = forecast
  const found: Disappointment[] = []
  const check = (key: keyof Expectation, expected: string, show: (one: ForecastCase) => string, holds: Holds) => {
    const wrong = cases.filter((one) => !holds(one))
    if (wrong.length > 0) found.push({ key, expected, got: oneOf([...new Set(cases.map(show))]) })
  }
  for (const key of ['site', 'route', 'policy'] as const) {
    const expected = expect[key]
    if (expected !== null && forecast[key] !== expected) found.push({ key, expected, got: forecast[key] ?? 'none' })
  }
  if (cdn !== null) check('cdn', oneOf(cdn), nameOf, (one) => cdn.includes(one.cdn))
  if (not.length > 0) check('not', `neither of ${not.join(', ')}`, nameOf, (one) => !not.includes(one.cdn))
  if (candidates.length > 0) {
    const first = (one: ForecastCase) => one.candidates.slice(0, candidates.length).join(', ')
    check(
      'candidates',
      candidates.join(', '),
      (one) => first(one) || 'none',
      (one) => first(one) === candidates.join(', '),
    )
  }
  if (reason !== null)
    check(
      'reason',
      oneOf(reason),
      (one) => one.reason ?? 'none',
      (one) => reason.includes(one.reason ?? ''),
    )
  for (const [name, why] of Object.entries(rejected)) {
    const show = (one: ForecastCase) => `${name}: ${one.rejected.get(name) ?? 'not rejected'}`
    check('rejected', `${name}: ${why}`, show, (one) => one.rejected.get(name) === why)
  }
  if (status !== null) {
    check(
      'status',
      String(status),
      (one) => String(one.status ?? 'that of an upstream'),
      (one) => one.status === status,
    )
  }
  if (within !== null) {
    const show = ({ km }: ForecastCase) => (km === null ? 'no distance' : `${Math.round(km)}km`)
    check('within', `at most ${within}km`, show, ({ km }) => km !== null && km <= within)
  }
  return found
}

type Holds = (one: ForecastCase) => boolean

function nameOf({ cdn }: ForecastCase): string {
  return cdn
}

function oneOf(texts: readonly string[]): string {
  return texts.join(' or ')
}
