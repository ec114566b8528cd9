import type { Endpoint, Policy } from '../../../src/config/snapshot.ts'
import type { Candidate } from '../../../src/steering/decision.ts'
import { nearestOrder } from '../../../src/steering/order.ts'
import type { RequestFacts } from '../../../src/steering/request-facts.ts'
import type { Field } from '../../../src/steering/strategies/strategy.ts'
import { makeGeometry, makePolicy, makeWorld, placeAt, requestAt, scripted, type WorldSpec } from './build.ts'

export interface FieldSpec extends WorldSpec {
  /** Where the client is on the equator; null: nobody knows. */
  readonly longitude?: number | null
  readonly policy?: Partial<Policy>
  /** Indexes; default all. */
  readonly eligible?: readonly number[]
  readonly request?: Partial<RequestFacts>
}

/** What a strategy ranks. Chance is not to be used unless it is given. */
export function makeField(endpoints: readonly Endpoint[], spec: FieldSpec = {}): Field {
  const { longitude = 0, draw = scripted() } = spec
  const policy = makePolicy(spec.policy)
  const request = requestAt(placeAt(longitude), spec.request)
  return {
    policy,
    endpoints,
    eligible: spec.eligible ?? endpoints.map((_, index) => index),
    order: nearestOrder(makeGeometry(endpoints, { anycastDistance: policy.tieThreshold }), request.place),
    request,
    world: makeWorld({}, spec),
    draw,
  }
}

/** `near:proximity far:proximity` */
export function told(ranked: readonly Candidate[]): string {
  return ranked.map(({ endpoint, reason }) => `${endpoint.cdnName}:${reason}`).join(' ')
}
