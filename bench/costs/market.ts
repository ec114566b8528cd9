/**
 * The CDNs of the simulation. Two bill their 95th percentile, one a volume, one by continent, one in tiers; the cheap one
 * is small, and neither it nor the first two are near enough to Asia.
 */
export const MARKET = {
  percentile: [
    { name: 'transit-a', mbps: 400, pricePerMonth: 2000, overage: 6, capacity: 1200 },
    { name: 'transit-b', mbps: 300, pricePerMonth: 1350, overage: 5, capacity: 1000 },
  ],
  volume: { name: 'volume', gb: 60_000, pricePerMonth: 1800, overage: 0.035 },
  listed: { name: 'listed', west: 0.04, asia: 0.07 },
  tiered: {
    name: 'tiered',
    tiers: [
      { upToGb: 10_000, price: 0.05 },
      { upToGb: 50_000, price: 0.042 },
      { upToGb: Number.POSITIVE_INFINITY, price: 0.036 },
    ],
  },
  decentralized: { name: 'decentralized', price: 0.012, capacity: 200 },
} as const

/** Where clients are. */
export const CITIES = {
  EU: { latitude: 50.1, longitude: 8.7 },
  NA: { latitude: 40.7, longitude: -74 },
  AS: { latitude: 35.6, longitude: 139.7 },
} as const

export type Region = keyof typeof CITIES

/** The same CDNs as a configuration of the gateway. */
export function configOf(strategy: 'cost' | 'proximity'): object {
  const { percentile, volume, listed, tiered, decentralized } = MARKET
  const west = ['FRA', 'JFK']
  const everywhere = [...west, 'NRT']
  const cdn = (name: string, locations: readonly string[], terms: object) => {
    return { name, provider: 'http', url: `https://${name}.example`, locations, ...terms }
  }
  return {
    version: 1,
    cdns: [
      ...percentile.map(({ name, mbps, pricePerMonth, overage, capacity }) =>
        cdn(name, west, {
          commit: { mbps, price_per_month: pricePerMonth, overage_per_mbps: overage },
          max_mbps: capacity,
        }),
      ),
      cdn(volume.name, everywhere, {
        commit: { gb: volume.gb, price_per_month: volume.pricePerMonth, overage_per_gb: volume.overage },
      }),
      cdn(listed.name, everywhere, {
        pricing: { per_gb: { EU: listed.west, NA: listed.west, AS: listed.asia, default: listed.asia } },
      }),
      cdn(tiered.name, everywhere, {
        pricing: {
          per_gb: tiered.tiers.map(({ upToGb, price }) =>
            Number.isFinite(upToGb) ? { up_to_gb: upToGb, price } : { price },
          ),
        },
      }),
      cdn(decentralized.name, west, {
        pricing: { per_gb: decentralized.price },
        max_mbps: decentralized.capacity,
      }),
    ],
    sites: [{ name: 'www', hosts: ['*'], origin: { urls: ['https://origin.example'] } }],
    policies: {
      default: {
        cdns: [...percentile.map(({ name }) => name), volume.name, listed.name, tiered.name, decentralized.name],
        strategy,
        cost: { max_extra_distance: '1000km' },
      },
    },
  }
}
