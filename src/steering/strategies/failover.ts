import type { Strategy } from './strategy.ts'

/** The order in which the policy lists its CDNs. Priorities are levels of their own, so this orders one level. */
export const failover: Strategy = ({ endpoints, eligible, order }) =>
  eligible.map((index) => ({
    endpoint: endpoints[index]!,
    reason: 'failover',
    km: order?.find((distance) => distance.index === index)?.km ?? null,
  }))
