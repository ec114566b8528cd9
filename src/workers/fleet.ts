import type { AcmeState } from '../acme/state.ts'
import type { Purge } from '../cache/purges.ts'
import { formatProblem } from '../config/problem.ts'
import type { Growth } from '../costs/growth.ts'
import type { QuoteList } from '../costs/told-quotes.ts'
import { PolycdnError } from '../errors.ts'
import type { BoardState } from '../health/board-state.ts'
import type { HealthReport } from '../health/report.ts'
import type { ManifestShipment } from '../manifest/shipment.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { LineSink } from '../observe/sink.ts'
import { type Death, type Member, MemberLost, MemberRefused, setUpMembers } from './member.ts'
import type { FromWorker, Shipment, ToWorker } from './messages.ts'
import { Slot } from './slot.ts'

export interface FleetOptions {
  /** How many processes serve. */
  readonly size: number
  /** How many begin first, so that they have a core each; the others begin when those serve. */
  readonly atOnce: number
  /** The file of our own program, and how it is told that it is a worker. */
  readonly program: string
  readonly args: readonly string[]
  readonly log: Log
  readonly metrics: Metrics
  readonly sink: LineSink
  /** Milliseconds, monotonic. */
  now(): number
  readonly ticketKeys: Uint8Array
  /** What a new process has to know before it serves. */
  board(): BoardState
  /** Of every endpoint that was measured, by its key: what its answers usually take. Milliseconds. */
  latencies(): Iterable<readonly [key: string, ms: number]>
  acme(): AcmeState
  quotes(): QuoteList
  /** Names of Cdns. */
  drained(): readonly string[]
  /** All that are in force. */
  purges(): readonly Purge[]
  /** The same objects for as long as a Site's manifest is the same. */
  manifests(): readonly ManifestShipment[]
  onGrowth(growth: readonly Growth[]): void
  onReports(reports: readonly HealthReport[]): void
  /** How long a process may be silent when it is asked. Milliseconds; default 15,000. */
  readonly patience?: number
}

/** Deaths that a start survives. */
const MOST_DEATHS = 3

/** The processes that serve: started, told of configurations, replaced when they die. Lives in the primary. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #slots: readonly Slot[]
  /** Every process that has not ended, those included that are being replaced already. */
  readonly #alive = new Set<Member>()
  readonly #using = new WeakMap<Member, Shipment>()
  #current: Shipment | null = null
  #addresses: readonly string[] = []
  /** There is something to serve. */
  readonly #begun = Promise.withResolvers<void>()
  #starting: PromiseWithResolvers<void> | null = null
  /** Slots that were told to begin. */
  #launched = 0
  #deaths = 0
  #emptied: (() => void) | null = null

  constructor(options: FleetOptions) {
    this.#options = options
    setUpMembers(options.program, options.args)
    const { sink, metrics, now } = options
    const events = {
      now,
      ...(options.patience === undefined ? {} : { patience: options.patience }),
      onLine: (line: string) => sink.write(line),
      onMessage: (member: Member, message: FromWorker) => this.#onMessage(member, message),
      onHello: (slot: Slot, member: Member) => void this.#welcome(slot, member),
      onGone: (member: Member, death: Death, pause: number | null) => this.#onGone(member, death, pause),
      onLaunch: (member: Member, again: boolean) => {
        this.#alive.add(member)
        if (again) metrics.workerRestarts.child().inc()
      },
    }
    this.#slots = Array.from({ length: options.size }, () => new Slot(events))
  }

  /** Where clients connect, as bound. */
  get addresses(): readonly string[] {
    return this.#addresses
  }

  /** Processes that serve now. */
  get serving(): number {
    return this.#slots.filter(({ ready }) => ready).length
  }

  /** Begins the first processes, which wait to be told what to serve. */
  begin(): void {
    this.#launchUpTo(this.#options.atOnce)
  }

  /**
   * Has the first processes serve their first configuration, and begins the others then. Throws MemberRefused or
   * worker_failed.
   */
  async start(shipment: Shipment): Promise<void> {
    this.#starting = Promise.withResolvers()
    this.#current = shipment
    this.#begun.resolve()
    await this.#starting.promise
    this.#starting = null
    this.#launchUpTo(this.#slots.length)
  }

  #launchUpTo(count: number): void {
    if (this.#emptied !== null) return
    for (const slot of this.#slots.slice(this.#launched, count)) slot.launch()
    this.#launched = Math.min(count, this.#slots.length)
  }

  /**
   * Has every process take in what a configuration needs. Throws MemberRefused, and then no process has changed. One
   * that ends meanwhile is no obstacle, unless it is the last one.
   */
  async prepare(shipment: Shipment): Promise<{ commit(): Promise<void>; discard(): Promise<void> }> {
    const asked = this.#ready()
    const results = await Promise.allSettled(asked.map((member) => member.ask({ type: 'prepare', shipment })))
    const prepared = asked.filter((_, index) => results[index]!.status === 'fulfilled')
    const discard = () => settle(prepared.map((member) => member.ask({ type: 'discard' })))
    const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason)
    const refusal = refused.find((reason) => !(reason instanceof MemberLost))
    // Where nobody is left to ask, the next processes may do better with it than the last did with the old one.
    if (refusal !== undefined || (prepared.length === 0 && asked.length > 0)) {
      await discard()
      throw refusal ?? new PolycdnError('worker_failed', 'every worker process ended over this configuration')
    }
    return { discard, commit: () => this.#commit(shipment, prepared) }
  }

  /** Tells every process that serves what the Board says now. */
  tellBoard(state: BoardState): void {
    for (const member of this.#ready()) member.tell({ type: 'board', state })
  }

  /** And how long an active check waited for an endpoint's head, in ms. */
  tellProbe(key: string, ms: number): void {
    for (const member of this.#ready()) member.tell({ type: 'probed', key, ms })
  }

  /** Resolves when every process that serves has heard it. */
  async tellDrained(names: readonly string[]): Promise<void> {
    await tellAll(this.#ready(), { type: 'drained', names })
  }

  /**
   * Resolves when every process has heard it that serves or is about to: what begins later is told with all that it needs.
   */
  async tellPurges(purges: readonly Purge[]): Promise<void> {
    const started = [...this.#alive].filter((member) => this.#using.has(member))
    await tellAll(started, { type: 'purges', purges })
  }

  tellQuotes(quotes: QuoteList): void {
    for (const member of this.#ready()) member.tell({ type: 'quotes', quotes })
  }

  /** Resolves when every process that serves has it. */
  async tellManifest(shipment: ManifestShipment): Promise<void> {
    await tellAll(this.#ready(), { type: 'manifest', manifest: shipment })
  }

  /** Tells every process that serves; resolves when all of them have it. */
  async tellAcme(change: Partial<AcmeState>): Promise<void> {
    await Promise.all(this.#ready().map((member) => this.#tellAcme(member, change)))
  }

  /** Has all processes end their requests, and kills those that take longer, in ms. Resolves when none is left. */
  async close(longest: number): Promise<void> {
    const emptied = new Promise<void>((resolve) => (this.#emptied = resolve))
    this.#starting?.reject(new PolycdnError('shutting_down', 'this gateway is shutting down'))
    for (const slot of this.#slots) slot.close()
    const late = setTimeout(() => {
      for (const member of this.#alive) member.kill()
    }, longest)
    if (this.#alive.size > 0) await emptied
    clearTimeout(late)
  }

  #tellAcme(member: Member, change: Partial<AcmeState>): Promise<unknown> {
    return member.ask({ type: 'acme', change }).catch((error) => this.#fail(member, error))
  }

  #ready(): Member[] {
    return this.#slots.filter(({ ready }) => ready).map(({ member }) => member!)
  }

  async #commit(shipment: Shipment, prepared: readonly Member[]): Promise<void> {
    this.#current = shipment
    for (const member of prepared) this.#using.set(member, shipment)
    await settle(
      prepared.map(async (member) => {
        this.#addresses = await member.ask({ type: 'commit' })
      }),
    )
    // Processes that began to serve while the others prepared.
    await Promise.all(this.#ready().map((member) => this.#catchUp(member).catch((error) => this.#fail(member, error))))
  }

  async #welcome(slot: Slot, member: Member): Promise<void> {
    const { log, board, latencies, acme, quotes, drained, purges, ticketKeys, size: processes } = this.#options
    try {
      await this.#begun.promise
      const shipment = this.#current!
      this.#using.set(member, shipment)
      const manifests = this.#options.manifests()
      const start = {
        shipment,
        manifests,
        board: board(),
        quotes: quotes(),
        drained: drained(),
        purges: purges(),
        acme: acme(),
        ticketKeys,
        processes,
      }
      this.#addresses = await member.ask({ type: 'start', ...start })
      await this.#catchUp(member)
      if (slot.member !== member) return
      slot.ready = true
      member.watch()
      member.tell({ type: 'board', state: board() })
      for (const [key, ms] of latencies()) member.tell({ type: 'probed', key, ms })
      member.tell({ type: 'quotes', quotes: quotes() })
      member.tell({ type: 'drained', names: drained() })
      for (const later of this.#options.manifests()) {
        if (!manifests.includes(later)) member.tell({ type: 'manifest', manifest: later })
      }
      void this.#tellAcme(member, acme())
      log.info('worker-ready', { pid: member.pid })
      if (this.serving >= this.#launched) this.#starting?.resolve()
    } catch (error) {
      this.#fail(member, error)
    }
  }

  /** A process that cannot use what the others use is replaced. */
  #fail(member: Member, error: unknown): void {
    if (error instanceof MemberLost) return
    const problems = error instanceof MemberRefused ? error.refusal.problems.map(formatProblem) : []
    this.#options.log.error('worker-failed', { pid: member.pid, error, problems })
    this.#starting?.reject(error)
    member.kill()
  }

  /** A configuration that came while a process was busy with the one before. */
  async #catchUp(member: Member): Promise<void> {
    while (this.#using.get(member) !== this.#current) {
      const shipment = this.#current!
      this.#using.set(member, shipment)
      await member.ask({ type: 'prepare', shipment })
      this.#addresses = await member.ask({ type: 'commit' })
    }
  }

  #onMessage(member: Member, message: FromWorker): void {
    if (message.type === 'metrics') this.#options.metrics.add(message.parts, member.name)
    if (message.type === 'growth') this.#options.onGrowth(message.growth)
    if (message.type === 'invalidated') {
      for (const other of this.#ready()) if (other !== member) other.tell(message)
    }
    if (message.type === 'reports') this.#options.onReports(message.reports)
  }

  #onGone(member: Member, { code, signal }: Death, pause: number | null): void {
    this.#alive.delete(member)
    this.#options.metrics.release(member.name)
    if (this.#emptied !== null) {
      if (this.#alive.size === 0) this.#emptied()
      return
    }
    const replaced = pause === null ? {} : { replaced_in_ms: pause }
    this.#options.log.error('worker-died', { pid: member.pid, code, signal, ...replaced })
    if (++this.#deaths > MOST_DEATHS) {
      this.#starting?.reject(new PolycdnError('worker_failed', 'worker processes end as soon as they start'))
    }
  }
}

/** Resolves when all have heard it. */
function tellAll(members: readonly Member[], message: ToWorker): Promise<void> {
  return settle(
    members.map((member) => {
      member.tell(message)
      return member.ask({ type: 'ping' })
    }),
  )
}

/** Waits for all; who was lost on the way is replaced by somebody who knows. */
async function settle(asked: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(asked)) {
    if (result.status === 'rejected' && !(result.reason instanceof MemberLost)) throw result.reason
  }
}
