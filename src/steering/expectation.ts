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
  return claimsOf(expect, forecast).flatMap(({ key, expected, show, holds }) => {
    if (forecast.cases.every(holds)) return []
    return [{ key, expected, got: either([...new Set(forecast.cases.map(show))]) }]
  })
}

/** One thing that is expected of every case. */
interface Claim {
  readonly key: keyof Expectation
  readonly expected: string
  show(one: ForecastCase): string
  holds(one: ForecastCase): boolean
}

function claimsOf(expect: Expectation, { site, route, policy }: Forecast): readonly Claim[] {
  const { cdn, not, candidates, reason, rejected, status, within } = expect
  const claims: (Claim | null)[] = [
    among('site', expect.site, () => site ?? 'none'),
    among('route', expect.route, () => route ?? 'none'),
    among('policy', expect.policy, () => policy ?? 'none'),
    among('cdn', cdn, (one) => one.cdn),
    among('reason', reason, (one) => one.reason ?? 'none'),
    among('status', status === null ? null : String(status), (one) => String(one.status ?? 'that of an upstream')),
    ...Object.entries(rejected).map(([name, why]) =>
      among('rejected', `${name}: ${why}`, (one) => `${name}: ${one.rejected.get(name) ?? 'not rejected'}`),
    ),
  ]
  if (candidates.length > 0) {
    const first = (one: ForecastCase) => one.candidates.slice(0, candidates.length).join(', ') || 'none'
    claims.push(among('candidates', candidates.join(', '), first))
  }
  if (not.length > 0) {
    const holds = (one: ForecastCase) => !not.includes(one.cdn)
    claims.push({ key: 'not', expected: `neither of ${not.join(', ')}`, show: (one) => one.cdn, holds })
  }
  if (within !== null) {
    const show = ({ km }: ForecastCase) => (km === null ? 'no distance' : `${Math.round(km)}km`)
    const holds = ({ km }: ForecastCase) => km !== null && km <= within
    claims.push({ key: 'within', expected: `at most ${within}km`, show, holds })
  }
  return claims.filter((claim) => claim !== null)
}

/** That what is shown is one of these; null expects nothing. */
function among(key: keyof Expectation, accepted: string | readonly string[] | null, show: Claim['show']): Claim | null {
  if (accepted === null) return null
  const texts = typeof accepted === 'string' ? [accepted] : accepted
  return { key, expected: either(texts), show, holds: (one) => texts.includes(show(one)) }
}

function either(texts: readonly string[]): string {
  return texts.join(' or ')
}
