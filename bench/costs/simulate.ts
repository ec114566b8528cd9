import { compile } from '../../src/config/compile.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { Policy, Route } from '../../src/config/snapshot.ts'
import { Ledger } from '../../src/costs/ledger.ts'
import { SAMPLE_MS } from '../../src/costs/month.ts'
import { priceAt } from '../../src/costs/quote.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { decide } from '../../src/steering/decide.ts'
import { Draws } from '../../src/steering/draws.ts'
import { passedOver } from '../../src/steering/passed-over.ts'
import type { RequestFacts } from '../../src/steering/request-facts.ts'
import { NEUTRAL_WORLD } from '../../src/steering/world.ts'
import type { Demand } from './demand.ts'
import { CITIES, configOf, type Region } from './market.ts'

export interface Outcome {
  /** The whole bill. */
  readonly bill: number
  readonly byCdn: Readonly<Record<string, { readonly cost: number; readonly gb: number; readonly p95: number }>>
  /** Mbit/s of each sample, by CDN: what a bound must allow for. */
  readonly peaks: Readonly<Record<string, number>>
}

export interface Span {
  /** Epoch ms; the samples of the demand begin here. */
  readonly start: number
  /** Requests a sample and region: each stands for as many as come in its time. */
  readonly slices: number
  random(): number
}

/**
 * Drives the decision and the Ledger that the gateway has through these samples. Returns what each month cost: `ends`
 * are the samples at which they end.
 */
export function simulate(
  strategy: 'cost' | 'proximity',
  demand: Demand,
  ends: readonly number[],
  span: Span,
): Outcome[] {
  const parsed = parseConfig(JSON.stringify(configOf(strategy)), 'simulation', {})
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
  const snapshot = compile(parsed.config, {
    id: 'simulation',
    files: new Map(),
    database: null,
    asnDatabase: null,
    stateDir: null,
    folder: '/etc/polycdn',
  })
  const ledger = new Ledger()
  ledger.adopt(snapshot.cdns, span.start)
  const run: Run = {
    route: snapshot.sites[0]!.routes[0]!,
    ledger,
    clients: clientsOf(),
    draws: new Draws(span.random),
    now: span.start,
    span,
  }
  const outcomes: Outcome[] = []
  let at = 0
  for (const end of ends) {
    for (; at < end; at++) playSample(run, demand, at)
    // The last moment of the month; the next one opens its own books.
    outcomes.push(outcomeOf(ledger.statements(snapshot.cdns, span.start + end * SAMPLE_MS - 1), ledger))
  }
  return outcomes
}

interface Run {
  readonly route: Route
  readonly ledger: Ledger
  readonly clients: Readonly<Record<Region, RequestFacts>>
  /** What weights are drawn with, as in a gateway. */
  readonly draws: Draws
  readonly span: Span
  now: number
}

const REGIONS = Object.keys(CITIES) as Region[]

function playSample(run: Run, demand: Demand, at: number): void {
  const { span } = run
  const step = SAMPLE_MS / span.slices
  for (let slice = 0; slice < span.slices; slice++) {
    for (let turn = 0; turn < REGIONS.length; turn++) {
      const region = REGIONS[turn]!
      run.now = span.start + at * SAMPLE_MS + step * (slice + (turn + 0.5) / REGIONS.length)
      request(run, region, ((demand[region][at]! * 1e6) / 8) * (step / 1000))
    }
  }
}

/** What the gateway does for a request, as far as its costs go. */
function request({ route, ledger, clients, draws, now }: Run, region: Region, bytes: number): void {
  const quotes = new Map<string, ReturnType<Ledger['quote']>>()
  const quote = ({ cdnName }: { readonly cdnName: string }) => {
    const known = quotes.get(cdnName) ?? ledger.quote(cdnName, now)
    quotes.set(cdnName, known)
    return known
  }
  const draw = (policy: Policy) => draws.next(policy)
  const decision = decide(route, clients[region], { ...NEUTRAL_WORLD, draw, quote })
  const { endpoint } = decision.candidates[0]!
  const counts = { bytes, estimated: 0, requests: 1, overflow: 0, overflowCost: 0 }
  const growth = [{ cdn: endpoint.cdnName, continent: region as string, ...counts }]
  const price = priceAt(quote(endpoint), region)
  for (const cdn of passedOver(decision)) {
    if (cdn === endpoint.cdnName || decision.candidates[0]!.commitReached) continue
    const overflowCost = (bytes / 1e9) * price
    growth.push({ cdn, continent: 'default', bytes: 0, estimated: 0, requests: 0, overflow: bytes, overflowCost })
  }
  ledger.add(growth, now)
}

function clientsOf(): Readonly<Record<Region, RequestFacts>> {
  const client = parseAddress('192.0.2.1')!
  const entries = REGIONS.map((region) => {
    const place = {
      network: region,
      source: 'database' as const,
      location: CITIES[region],
      country: null,
      continent: region,
    }
    return [region, { method: 'GET', path: '/', client, place, forced: null, header: () => null }]
  })
  return Object.fromEntries(entries)
}

function outcomeOf(statements: ReturnType<Ledger['statements']>, ledger: Ledger): Outcome {
  const byCdn = Object.fromEntries(
    statements.map(({ cdn, projected_cost: cost, bytes, p95_mbps: p95 }) => [cdn, { cost, gb: bytes / 1e9, p95 }]),
  )
  const peaks = Object.fromEntries(
    ledger.export().map(({ cdn, books }) => [cdn, (Math.max(...books.samples) * 8) / 300e6]),
  )
  return { bill: statements.reduce((sum, { projected_cost: cost }) => sum + cost, 0), byCdn, peaks }
}
