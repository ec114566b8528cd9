import type { Endpoint, Policy } from '../../../src/config/snapshot.ts'
import { UNPRICED } from '../../../src/costs/quote.ts'
import { metro } from '../../../src/geo/metros.ts'
import { PeakEwma } from '../../../src/health/ewma.ts'
import { decide } from '../../../src/steering/decide.ts'
import { Draws } from '../../../src/steering/draws.ts'
import type { World } from '../../../src/steering/world.ts'
import { seededRandom } from '../../helpers/random.ts'
import { makeEndpoint, makeRoute, requestAt } from './build.ts'

export const CDNS = ['FRA', 'IAD', 'SIN', 'GRU', 'SYD'] as const

/**
 * Milliseconds there and back between gateways and CDNs that stand in one city each, of the size that is common between
 * these cities. In the upper half the nearest is the fastest; in the lower one cables go other ways than birds.
 */
export const ROUND_TRIPS: Readonly<Record<string, readonly number[]>> = {
  LHR: [14, 77, 170, 190, 265],
  MAD: [28, 94, 190, 205, 280],
  JFK: [84, 8, 225, 115, 205],
  LAX: [148, 62, 172, 175, 142],
  HKG: [190, 212, 36, 315, 130],
  AKL: [285, 205, 132, 300, 27],
  EZE: [230, 145, 335, 31, 300],
  // Nearest is GRU, or SIN in the last three.
  CPT: [152, 225, 250, 338, 410],
  DKR: [88, 130, 240, 185, 340],
  LIM: [185, 92, 300, 118, 245],
  BOM: [112, 195, 58, 310, 150],
  KHI: [121, 205, 132, 320, 225],
  DXB: [118, 190, 126, 315, 220],
}

export interface Run {
  readonly strategy: Policy['strategy']
  readonly requests: number
  /** Milliseconds between two requests. */
  readonly pace?: number
  readonly seed?: number
  /** What the round trips are at that time, in ms. */
  roundTrip?(cdn: number, now: number): number
}

/** Of each request, by how many milliseconds another CDN would have been faster, noise left aside. */
export function losses(gateway: string, { strategy, requests, pace = 50, seed = 1, ...run }: Run): number[] {
  const row = ROUND_TRIPS[gateway]!
  const roundTrip = run.roundTrip ?? ((cdn: number) => row[cdn]!)
  const random = seededRandom(seed)
  const network = new Network(random)
  const endpoints = CDNS.map((code) => makeEndpoint(code, {}, { locations: [metro(code)!] }))
  const location = metro(gateway)!
  const place = { network: '', source: 'override', location, country: null, continent: null, asn: null } as const
  const route = makeRoute(endpoints, { policy: { strategy } })
  const request = requestAt(place)
  return Array.from({ length: requests }, (_, at) => {
    const now = network.wait(at * pace)
    const { endpoint } = decide(route, request, network.world).candidates[0]!
    const times = endpoints.map((_, cdn) => roundTrip(cdn, now))
    const took = times[endpoints.indexOf(endpoint)]!
    network.send(endpoint, took * noise(random))
    return took - Math.min(...times)
  })
}

/** A tenth more on average; one answer of fifty takes three times as long. */
function noise(random: () => number): number {
  return random() < 0.02 ? 3 : 1 - 0.1 * Math.log(1 - random())
}

/** What is on its way, and what was measured of what came back. */
class Network {
  readonly world: World
  #now = 0
  #waiting: { readonly endpoint: Endpoint; readonly sentAt: number; readonly at: number }[] = []
  readonly #averages = new Map<Endpoint, PeakEwma>()

  constructor(random: () => number) {
    const draws = new Draws(random)
    this.world = {
      random,
      draw: (policy) => draws.next(policy),
      standing: () => 'healthy',
      ramp: () => 1,
      lastSuccess: () => 0,
      measured: (endpoint) => this.#averages.get(endpoint)?.read(this.#now) ?? null,
      latency: () => null,
      quote: () => UNPRICED,
      pending: (endpoint) => this.#waiting.filter((sent) => sent.endpoint === endpoint).length,
    }
  }

  send(endpoint: Endpoint, ms: number): void {
    this.#waiting.push({ endpoint, sentAt: this.#now, at: this.#now + ms })
  }

  /** Time passes, and answers come. */
  wait(now: number): number {
    const come = this.#waiting.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
    this.#waiting = this.#waiting.filter(({ at }) => at > now)
    for (const { endpoint, sentAt, at } of come) {
      const average = this.#averages.get(endpoint) ?? new PeakEwma()
      this.#averages.set(endpoint, average)
      average.add(at - sentAt, at)
    }
    this.#now = now
    return now
  }
}
