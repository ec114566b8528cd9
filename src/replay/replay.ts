import type { Route, Site, Snapshot } from '../config/snapshot.ts'
import { priceAt } from '../costs/quote.ts'
import type { Address } from '../geo/address.ts'
import type { Place } from '../geo/place.ts'
import { decide } from '../steering/decide.ts'
import type { Candidate, Decision } from '../steering/decision.ts'
import { type Given, suppose } from '../steering/given.ts'
import { indexSites, matchRoute, type SiteFinder } from '../steering/match.ts'
import { passedOver } from '../steering/passed-over.ts'
import { seededRandom } from '../steering/seeded-random.ts'
import { NEUTRAL_WORLD, type World } from '../steering/world.ts'
import type { LogEntry } from './log-entry.ts'
import type { LogRequest } from './log-request.ts'
import type { Meter } from './meter.ts'
import { type Summary, Tally } from './tally.ts'

export interface ReplayParts {
  readonly snapshot: Snapshot
  readonly given: Given
  readonly meter: Meter
  readonly seed: number
  place(address: Address): Place
}

/** Reasons of candidates among which chance may have chosen. */
const DRAWN: ReadonlySet<string> = new Set(['tie-break', 'no-geo-default', 'weight'])

/** Decides the requests of a log as one configuration would have, in a World where all is well but for what is given. */
export class Replay {
  readonly #findSite: SiteFinder
  readonly #place: (address: Address) => Place
  readonly #world: World
  readonly #tally: Tally
  readonly #seed: number
  readonly #meter: Meter
  #random: () => number = () => 0
  /** On the clock of the log. */
  #now = 0
  #candidates: readonly Candidate[] = []

  constructor({ snapshot, given, meter, seed, place }: ReplayParts) {
    this.#findSite = indexSites(snapshot.sites)
    this.#place = place
    const random = () => this.#random()
    const quote: World['quote'] = ({ cdnName }) => meter.quote(cdnName, this.#now)
    this.#world = suppose({ ...NEUTRAL_WORLD, random, draw: random, quote }, given)
    this.#meter = meter
    this.#tally = new Tally(meter)
    this.#seed = seed
  }

  /**
   * Who serves it: a CDN, `origin` or `none`. What failed in the log fails here too. Chance depends on the number of the
   * line alone: two configurations draw the same, so that they differ only where they differ.
   */
  steer(entry: LogEntry, request: LogRequest, line: number): string {
    const site = this.#findSite(request.host)
    const { client, path, method, header } = request
    const facts = { method, path, client, place: this.#place(client), forced: null, header }
    const route = site === null ? null : matchRoute(site, facts)
    if (site === null || route === null) {
      this.#tally.unmatched()
      this.#candidates = []
      return 'none'
    }
    this.#random = seededRandom(this.#seed ^ Math.imul(line, 0x9e3779b1))
    const steered = method === 'GET' || method === 'HEAD'
    this.#now = entry.time
    const decision = steered ? decide(route, facts, this.#world) : null
    const candidates = decision?.candidates ?? []
    this.#candidates = candidates
    const served = this.#serve(candidates, entry)
    const cdn = served?.endpoint.cdnName ?? lastResort(site, route, steered)
    if (steered) this.#tally.reason(candidates[0]?.reason ?? cdn)
    const continent = route.policy.cost.pricedAt ?? facts.place.continent
    if (decision !== null && served !== undefined) this.#overflow(decision, served, { bytes: entry.bytes, continent })
    this.#tally.served({ cdn, km: served?.km ?? null, bytes: entry.bytes, continent, time: entry.time })
    return cdn
  }

  /** Whether chance ordered these two for the request before: one is as good as the other. */
  drew(one: string, other: string): boolean {
    const equal = (cdn: string) =>
      this.#candidates.some(({ endpoint, reason }) => endpoint.cdnName === cdn && DRAWN.has(reason))
    return equal(one) && equal(other)
  }

  summary(): Summary {
    return this.#tally.summary()
  }

  #overflow(decision: Decision, { endpoint }: Candidate, sent: { bytes: number; continent: string | null }): void {
    const elsewhere = passedOver(decision)
    if (elsewhere.size === 0 || elsewhere.has(endpoint.cdnName)) return
    const price = priceAt(this.#world.quote(endpoint), sent.continent)
    for (const cdn of elsewhere) this.#meter.overflow(cdn, sent.bytes, price, this.#now)
  }

  #serve(candidates: readonly Candidate[], { happened }: LogEntry): Candidate | undefined {
    if (happened === null || happened.failedAt.length === 0) return candidates[0]
    return candidates.find(({ endpoint: { cdnName } }) => {
      if (!happened.failedAt.includes(cdnName)) return true
      this.#tally.failedAt(cdnName)
      return false
    })
  }
}

function lastResort(site: Site, { policy }: Route, steered: boolean): string {
  if (!steered) return site.unsafeEndpoints[0]?.cdnName ?? 'none'
  const uses = policy.mode === 'origin' || policy.fallback === 'origin'
  return uses && site.origin !== null ? 'origin' : 'none'
}
