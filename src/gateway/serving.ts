import { setTimeout as sleep } from 'node:timers/promises'
import { type AcmeState, NO_ACME } from '../acme/state.ts'
import type { Cache } from '../cache/cache.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { Purges } from '../cache/purges.ts'
import type { Snapshot } from '../config/snapshot.ts'
import type { Meter } from '../costs/growth.ts'
import { Sizes } from '../costs/sizes.ts'
import type { QuoteSource } from '../costs/told-quotes.ts'
import { Budgets } from '../delivery/budgets.ts'
import type { Timers } from '../delivery/timers.ts'
import { Transport } from '../delivery/transport.ts'
import type { Locator } from '../geo/locator.ts'
import type { Drains } from '../health/drains.ts'
import type { HealthView } from '../health/health-view.ts'
import type { HitFinder } from '../http/cached/ready-hit.ts'
import { Encoders } from '../http/encoders.ts'
import type { Generation } from '../http/generation.ts'
import { Listeners } from '../http/listeners.ts'
import type { RequestListener } from '../http/pipeline.ts'
import { RateLimits } from '../http/rate-limits.ts'
import { recordUnreadable } from '../http/record.ts'
import { type Answering, createAnswering } from '../http/server.ts'
import type { Services } from '../http/services.ts'
import { Tunnels } from '../http/tunnel.ts'
import { AccessLog } from '../observe/access-log.ts'
import { exportTraffic } from '../observe/gauges.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type Memory, Pressure, processVitals } from '../observe/pressure.ts'
import type { LineSink } from '../observe/sink.ts'
import type { Proofs } from '../proofs/proofs.ts'
import { Draws } from '../steering/draws.ts'
import { indexSites } from '../steering/match.ts'
import { acceptWaiting } from './accept-waiting.ts'
import type { Edition, Prepared } from './edition.ts'
import { openCache } from './open-cache.ts'

/** What the process gives to the part of it that serves. */
export interface ServingParts {
  readonly health: HealthView
  readonly locator: Locator
  /** What is received from Cdns is told there, and what it costs asked here. */
  readonly meter: Meter
  readonly quotes: QuoteSource
  readonly proofs: Proofs
  readonly purges: Purges
  /** Tells other processes that serve what does not count any more; absent: there are none. */
  onInvalidated?(invalidation: Invalidation): void
  readonly drains: Drains
  readonly timers: Timers
  readonly metrics: Metrics
  readonly log: Log
  readonly sink: LineSink
  /** What encrypts TLS session tickets: the same in all processes. */
  readonly ticketKeys: Buffer
  readonly memory: Memory
  /** How many processes serve on the same addresses and share what is limited. */
  readonly processes: number
}

/** The part that serves: listeners, requests, tunnels and connections to endpoints, in one process. */
export class Serving {
  readonly #parts: ServingParts
  readonly #services: Services
  readonly #tunnels: Tunnels
  readonly #listeners: Listeners
  #answering: Answering | null = null
  #acme: AcmeState = NO_ACME
  #generation: Generation | null = null
  #cache: Cache | null = null
  #ending = false

  static async create(parts: ServingParts): Promise<Serving> {
    const serving = new Serving(parts)
    serving.#answering = await createAnswering(serving.#services)
    return serving
  }

  private constructor(parts: ServingParts) {
    this.#parts = parts
    const { health, locator, timers, metrics, log, sink, processes } = parts
    const cache = () => this.#cache!
    this.#services = {
      current: () => this.#generation!,
      place: (address) => locator.place(address),
      world: worldOf(health, Math.random, parts.quotes, parts.drains),
      health,
      proofs: parts.proofs,
      get cache() {
        return cache()
      },
      purges: parts.purges,
      meter: parts.meter,
      sizes: new Sizes(),
      budgets: new Budgets(processes),
      rateLimits: new RateLimits(processes),
      encoders: new Encoders(metrics),
      pressure: watchPressure(parts),
      timers,
      metrics,
      log,
      accessLog: new AccessLog(sink),
      challenge: (token) => this.#acme.challenges.get(token),
    }
    const answer: RequestListener = (request, response) => {
      if (this.#ending) response.shouldKeepAlive = false
      this.#answering!.answer(request, response)
    }
    this.#tunnels = new Tunnels(this.#services, answer)
    this.#listeners = new Listeners({
      onRequest: answer,
      hits: () => this.#hits(),
      timers,
      onUpgrade: (request, socket, head) => this.#tunnels.handleUpgrade(request, socket, head),
      snapshot: () => this.#generation!.snapshot,
      ticketKeys: parts.ticketKeys,
      ordered: () => this.#acme.certificates,
      // With other workers, or with the process that this one takes over from.
      shared: true,
      onUnreadable: (status) => recordUnreadable(this.#services, status),
      onStranger: () => log.throttle('stranger', 10_000)?.warn('proxy-protocol-refused'),
      onRefused: (limit) => log.throttle('connection-refused', 10_000)?.warn('connection-refused', { limit }),
    })
    exportTraffic(metrics, {
      locator,
      connections: () => this.#listeners.connections,
      requests: () => this.#listeners.requests,
      tunnels: () => this.#tunnels.open,
      cache: () => this.#cache,
    })
  }

  get addresses(): readonly string[] {
    return this.#listeners.addresses
  }

  /** Opens the listeners that are new; they are served by the older configuration until the new one is committed. */
  async prepare(edition: Pick<Edition, 'snapshot' | 'loopId'>): Promise<Prepared> {
    const snapshot = withShare(edition.snapshot, this.#parts.processes)
    await this.#parts.proofs.prepare(snapshot.endpoints)
    const first = this.#generation === null
    this.#cache ??= await openCache(snapshot.cache, this.#parts)
    // Nobody may be answered by nothing.
    if (first) this.#replaceGeneration(snapshot, edition.loopId)
    const discard = await this.#listeners.open(snapshot.listen, snapshot.limits)
    return {
      discard,
      commit: () => {
        if (!first) this.#replaceGeneration(snapshot, edition.loopId)
        void this.#listeners.retain(snapshot.listen, snapshot.limits)
        this.#services.budgets.retain(snapshot.policies)
        this.#services.rateLimits.retain(snapshot.policies)
      },
    }
  }

  /** Another process saw an unsafe method. */
  invalidate(invalidation: Invalidation): void {
    this.#cache?.invalidate(invalidation)
  }

  /** For new connections; those that are open keep the certificate that they began with. */
  useAcme(change: Partial<AcmeState>): void {
    this.#acme = { ...this.#acme, ...change }
    if (change.certificates !== undefined) this.#listeners.renew()
  }

  /** While it ends each answer is the last one of its connection, which is said on the long way. */
  #hits(): HitFinder | null {
    const find = this.#answering!.hits()
    return find === null ? null : (raw) => (this.#ending ? null : find(raw))
  }

  /**
   * Tells clients to go, for `shutdown.delay`; then stops accepting, lets running requests end for `shutdown.timeout`, and
   * ends what is left.
   */
  async close(): Promise<void> {
    this.#ending = true
    const { delay, timeout } = this.#generation?.snapshot.shutdown ?? { delay: 0, timeout: 0 }
    if (delay > 0) await sleep(delay)
    const end = performance.now() + timeout
    await acceptWaiting(timeout / 2)
    const left = Math.max(0, end - performance.now())
    const deadline = setTimeout(() => this.#listeners.destroy(), left)
    await Promise.all([this.#listeners.close(), this.#tunnels.drain(left)])
    clearTimeout(deadline)
    this.#services.pressure.close()
    await this.#generation?.transport.destroy()
    await this.#cache?.close()
  }

  #replaceGeneration(snapshot: Snapshot, loopId: string): void {
    const previous = this.#generation?.transport
    const transport = new Transport(snapshot.endpoints, previous)
    this.#generation = { snapshot, transport, loopId, findSite: indexSites(snapshot.sites) }
    void previous?.retire()
  }
}

/** What a decision may look at, as this process's health has it. */
export function worldOf(
  health: HealthView,
  random: () => number,
  quotes: QuoteSource,
  drains: Pick<Drains, 'has'>,
): Services['world'] {
  const draws = new Draws(random)
  return {
    random,
    draw: (policy) => draws.next(policy),
    standing: (endpoint, policy) => {
      const standing = health.standing(endpoint, policy)
      // Who forces a drained Cdn gets its bytes, and never false ones.
      return standing !== 'corrupt' && drains.has(endpoint.cdnName) ? 'drained' : standing
    },
    ramp: (endpoint, policy) => health.ramp(endpoint, policy),
    lastSuccess: (endpoint) => health.lastSuccess(endpoint),
    measured: (endpoint) => health.measured(endpoint),
    latency: (endpoint) => health.measured(endpoint)?.now ?? null,
    pending: (endpoint) => health.pending(endpoint),
    quote: ({ cdnName }) => quotes.quote(cdnName),
  }
}

/** The process that controls the others has a part of the memory too. */
function watchPressure({ memory, processes, log }: ServingParts): Pressure {
  return new Pressure({
    vitals: processVitals(memory, processes === 1 ? 1 : processes + 1),
    random: Math.random,
    onChange: (reading) => {
      const lines = log.throttle('pressure', 10_000)
      if (reading === null) lines?.info('pressure-over')
      else lines?.warn('pressure', { reason: reading.reason, shed: reading.share })
    },
  })
}

/** Connections are limited in each process: the kernel deals them out evenly, so each gets its share of the limit. */
function withShare(snapshot: Snapshot, processes: number): Snapshot {
  const { connections, connectionsPerAddress } = snapshot.limits
  const share = (limit: number) => Math.ceil(limit / processes)
  const shares = { connections: share(connections), connectionsPerAddress: share(connectionsPerAddress) }
  return { ...snapshot, limits: { ...snapshot.limits, ...shares } }
}
