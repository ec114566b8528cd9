import { Purges } from '../cache/purges.ts'
import type { Locate } from '../config/parsed.ts'
import { placeEndpoints } from '../config/place-endpoints.ts'
import { formatProblem } from '../config/problem.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { buildSnapshot } from '../config/source.ts'
import { Tally } from '../costs/growth.ts'
import { ToldQuotes } from '../costs/told-quotes.ts'
import { Timers } from '../delivery/timers.ts'
import { toPolycdnError } from '../errors.ts'
import { Locator } from '../geo/locator.ts'
import { Drains } from '../health/drains.ts'
import { Mirror } from '../health/mirror.ts'
import { ManifestShelf } from '../manifest/shelf.ts'
import { shelve } from '../manifest/shipment.ts'
import { exportSink } from '../observe/gauges.ts'
import { Log } from '../observe/log.ts'
import { Metrics } from '../observe/metrics.ts'
import type { Memory } from '../observe/pressure.ts'
import type { Sink } from '../observe/sink.ts'
import { Proofs } from '../proofs/proofs.ts'
import type { Channel } from '../workers/channel.ts'
import type { Question, Refusal, Shipment, ToWorker } from '../workers/messages.ts'
import { ConfigRejected } from './config-rejected.ts'
import type { Prepared } from './edition.ts'
import { liveNames } from './live-names.ts'
import { NameKeeper } from './name-keeper.ts'
import { prepareGeo } from './prepare-geo.ts'
import { Serving } from './serving.ts'

export interface WorkerOptions {
  readonly channel: Channel
  /** The environment that the primary read the configuration with. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly sink: Sink
  readonly memory: Memory
  readonly build: { readonly version: string; readonly node: string }
  /** Ends this process: the primary says so, or is gone. `now`: without waiting for requests. */
  stop(now: boolean): void
}

/** How often the primary is told what was counted: a scrape is at most as old. Milliseconds. */
const PUSH_EVERY = 250

/** A process that serves what its primary says. It reads no configuration, has no admin and asks nobody's health. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #timers = new Timers((error) => this.#log.error('timer-failed', { error }))
  // What the primary's own locator meets is in the log already.
  readonly #locator = new Locator(() => {})
  readonly #meter = new Tally()
  readonly #quotes = new ToldQuotes()
  readonly #manifests = new ManifestShelf()
  readonly #names: NameKeeper
  readonly #drains = new Drains()
  readonly #purges = new Purges()
  readonly #push: NodeJS.Timeout
  #mirror: Mirror | null = null
  #serving: Serving | null = null
  #prepared: Prepared | null = null
  #adopted = false
  #leaving = false

  constructor(options: WorkerOptions) {
    this.#options = options
    const { channel, sink, build } = options
    this.#log = new Log({ sink, now: Date.now })
    this.#metrics = new Metrics(build, { processMetrics: false })
    this.#names = new NameKeeper({ timers: this.#timers, log: this.#log, metrics: this.#metrics, now: Date.now })
    exportSink(this.#metrics, sink)
    this.#push = setInterval(() => void this.#tellMetrics(), PUSH_EVERY)
    channel.onMessage((message) => this.#onMessage(message))
    channel.onLost(() => options.stop(this.#leaving))
    void channel.send({ type: 'hello' })
  }

  /** Stops accepting, lets running requests end for at most 30 s, and tells the primary its last numbers. */
  async close(): Promise<void> {
    this.#leaving = true
    void this.#options.channel.send({ type: 'leaving' })
    await this.#serving?.close()
    clearInterval(this.#push)
    await this.#names.close()
    this.#mirror?.close()
    this.#locator.close()
    this.#timers.close()
    await this.#options.sink.flush()
    await this.#tellMetrics()
  }

  #onMessage(message: ToWorker): void {
    if (message.type === 'board') return this.#mirror?.apply(message.state)
    if (message.type === 'probed') return this.#mirror?.probed(message.key, message.ms)
    if (message.type === 'quotes') return this.#quotes.apply(message.quotes)
    if (message.type === 'drained') return this.#drains.replace(message.names)
    if (message.type === 'purges') return this.#purges.addAll(message.purges)
    if (message.type === 'invalidated') return this.#serving?.invalidate(message.invalidation)
    if (message.type === 'manifest') return shelve(this.#manifests, message.manifest)
    if (message.type !== 'drain') return void this.#reply(message)
    if (!this.#leaving) this.#options.stop(false)
  }

  async #reply(question: Question): Promise<void> {
    const { channel } = this.#options
    let refused: Refusal | null = null
    try {
      await this.#do(question)
    } catch (thrown) {
      refused = refusalOf(thrown)
    }
    void channel.send({ type: 'answer', id: question.id, refused, addresses: this.#serving?.addresses ?? [] })
  }

  async #do(question: Question): Promise<void> {
    if (question.type === 'ping') return
    if (question.type === 'acme') return this.#serving!.useAcme(question.change)
    if (question.type === 'prepare') {
      this.#prepared = await this.#prepare(question.shipment)
    } else if (question.type === 'start') {
      await this.#start(question)
    } else {
      const prepared = this.#prepared
      this.#prepared = null
      // What requests of the older configuration counted must not come after its names are dropped.
      if (question.type === 'commit') await this.#tellMetrics()
      await prepared?.[question.type]()
    }
  }

  async #start({
    shipment,
    board,
    quotes,
    drained,
    purges,
    manifests,
    acme,
    ticketKeys,
    processes,
  }: Extract<Question, { readonly type: 'start' }>): Promise<void> {
    const { channel, sink, memory } = this.#options
    this.#mirror = new Mirror({
      timers: this.#timers,
      workers: processes,
      report: (reports) => void channel.send({ type: 'reports', reports }),
    })
    this.#mirror.apply(board)
    this.#quotes.apply(quotes)
    this.#drains.replace(drained)
    this.#purges.addAll(purges)
    for (const manifest of manifests) shelve(this.#manifests, manifest)
    this.#serving = await Serving.create({
      health: this.#mirror,
      meter: this.#meter,
      quotes: this.#quotes,
      drains: this.#drains,
      locator: this.#locator,
      proofs: new Proofs({ manifests: this.#manifests, names: this.#names.names, now: Date.now }),
      purges: this.#purges,
      onInvalidated: (invalidation) => void channel.send({ type: 'invalidated', invalidation }),
      timers: this.#timers,
      metrics: this.#metrics,
      log: this.#log,
      sink,
      ticketKeys: Buffer.from(ticketKeys),
      memory,
      processes,
    })
    this.#serving.useAcme(acme)
    const prepared = await this.#prepare(shipment)
    await prepared.commit()
  }

  /** A worker that replaces another must not stay away because the file is gone that the others have read. */
  async #prepareGeo(snapshot: Snapshot, locate: Locate) {
    try {
      return await prepareGeo(this.#locator, snapshot, locate)
    } catch (thrown) {
      if (this.#adopted || !(thrown instanceof ConfigRejected)) throw thrown
      this.#log.error('geo-substituted', { problems: thrown.problems.map(formatProblem) })
      return this.#locator.prepare({ ...snapshot.geoip, database: null, asnDatabase: null })
    }
  }

  async #prepare(shipment: Shipment): Promise<Prepared> {
    const built = buildSnapshot(shipment.source, this.#options.env)
    if ('problems' in built) throw new ConfigRejected(built.problems)
    const geo = await this.#prepareGeo(built.snapshot, built.locate)
    const placed = placeEndpoints(built.snapshot, shipment.places)
    const listen = placed.listen.map((listener, index) => ({ ...listener, ...shipment.listen[index]! }))
    const snapshot = { ...placed, listen }
    const first = !this.#adopted
    // Requests come as soon as there is a listener.
    if (first) await this.#names.keepIn(snapshot.stateDir)
    if (first) this.#adopt(snapshot, geo.commit)
    try {
      const prepared = await this.#serving!.prepare({ snapshot, loopId: shipment.loopId })
      return {
        commit: () => {
          if (!first) this.#adopt(snapshot, geo.commit)
          return prepared.commit()
        },
        discard: async () => {
          geo.discard()
          await prepared.discard()
        },
      }
    } catch (thrown) {
      geo.discard()
      throw thrown
    }
  }

  #adopt(snapshot: Snapshot, commitGeo: () => void): void {
    this.#adopted = true
    commitGeo()
    this.#mirror!.retain(snapshot.endpoints)
    void this.#names.keepIn(snapshot.stateDir)
    this.#log.setLevel(snapshot.log.level)
    this.#metrics.dropStale(liveNames(snapshot))
  }

  async #tellMetrics(): Promise<void> {
    const growth = this.#meter.take()
    if (growth.length > 0) await this.#options.channel.send({ type: 'growth', growth })
    const parts = this.#metrics.take()
    if (parts.length > 0) await this.#options.channel.send({ type: 'metrics', parts })
  }
}

function refusalOf(thrown: unknown): Refusal {
  const { code, message } = toPolycdnError(thrown)
  return { code, message, problems: thrown instanceof ConfigRejected ? thrown.problems : [] }
}
