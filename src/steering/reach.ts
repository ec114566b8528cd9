import type { Endpoint } from '../config/snapshot.ts'
import type { Market } from './cheapest.ts'

interface Reachable {
  readonly endpoint: Endpoint
  readonly km: number | null
}

/**
 * Whether a lower price may choose an endpoint: how much further than the nearest of `all` it is, and how much slower
 * than the fastest, is bounded by the policy. What nobody knows does not count, nor, for a client who is redirected, what
 * the gateway measured.
 */
export function reachOf(all: readonly Reachable[], { policy, world }: Market): (one: Reachable) => boolean {
  const { maxExtraDistance, maxExtraLatency } = policy.cost
  const furthest = leastOf(all.map(({ km }) => km)) + maxExtraDistance
  const latencies = all.map(({ endpoint }) => (policy.mode === 'redirect' ? null : world.latency(endpoint)))
  const slowest = leastOf(latencies) + maxExtraLatency
  return (one) => (one.km ?? 0) <= furthest && (latencies[all.indexOf(one)] ?? 0) <= slowest
}

function leastOf(values: readonly (number | null)[]): number {
  let least = Number.POSITIVE_INFINITY
  for (const value of values) if (value !== null && value < least) least = value
  return least
}
