import type { Commit, Pricing } from '../snapshot.ts'
import type { CdnConfig } from './cdn.ts'

export function compilePricing({ per_gb: perGb, per_10k_requests: per10kRequests }: CdnConfig['pricing']): Pricing {
  if (typeof perGb === 'number')
    return { tiers: [{ upTo: Number.POSITIVE_INFINITY, price: perGb }], byContinent: null, per10kRequests }
  if (Array.isArray(perGb)) {
    const tiers = perGb.map(({ up_to_gb: upTo, price }, at) => {
      return { upTo: at === perGb.length - 1 ? Number.POSITIVE_INFINITY : upTo!, price }
    })
    return { tiers, byContinent: null, per10kRequests }
  }
  // Where nobody knows better, the dearest: a guess must not make a Cdn look cheap.
  const prices = Object.entries(perGb)
  const dearest = Math.max(0, ...prices.map(([, price]) => price))
  return { tiers: [], byContinent: new Map([['default', dearest], ...prices]), per10kRequests }
}

export function compileCommit(config: CdnConfig['commit']): Commit | null {
  if (config === null) return null
  const { mbps, gb, share, timezone, price_per_month: price } = config
  const kind = mbps === undefined ? 'gb' : 'mbps'
  const whole = (mbps ?? gb)!
  const overage = (kind === 'mbps' ? config.overage_per_mbps : config.overage_per_gb) ?? price / whole
  return { kind, amount: whole * share, pricePerMonth: price * share, overage, timezone }
}
