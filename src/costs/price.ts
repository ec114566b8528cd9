import type { Pricing } from '../config/snapshot.ts'
import { GB } from './volume.ts'

/** What bytes cost so far, by the continent that they were paid for; the key `default` is where nobody knows it. */
export type BytesByContinent = Readonly<Record<string, number>>

/** The price of one GB more after `bytes` of this month. null: an unknown continent. */
export function perGb({ tiers, byContinent }: Pricing, continent: string | null, bytes: number): number {
  if (byContinent !== null) return byContinent.get(continent ?? 'default') ?? byContinent.get('default')!
  return (tiers.find(({ upTo }) => bytes < upTo * GB) ?? tiers.at(-1)!).price
}

/** What a month's bytes cost without a commit. Each tier's price holds for the bytes within it. */
export function costOfBytes(pricing: Pricing, bytes: BytesByContinent): number {
  const { tiers, byContinent } = pricing
  const entries = Object.entries(bytes)
  if (byContinent !== null) {
    return entries.reduce((cost, [continent, some]) => cost + (some / GB) * perGb(pricing, continent, 0), 0)
  }
  const all = entries.reduce((sum, [, some]) => sum + some, 0) / GB
  let cost = 0
  let from = 0
  for (const { upTo, price } of tiers) {
    cost += Math.max(0, Math.min(all, upTo) - from) * price
    from = upTo
  }
  return cost
}

/** Whether its bytes or its requests cost anything. */
export function isPriced({ tiers, byContinent, per10kRequests }: Pricing): boolean {
  const prices = byContinent === null ? tiers.map(({ price }) => price) : [...byContinent.values()]
  return per10kRequests > 0 || prices.some((price) => price > 0)
}
