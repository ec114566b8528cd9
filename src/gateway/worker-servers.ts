import { availableParallelism } from 'node:os'
import type { AcmeState } from '../acme/state.ts'
import type { Purge } from '../cache/purges.ts'
import type { QuoteList } from '../costs/told-quotes.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Board } from '../health/board.ts'
import type { ManifestShipment } from '../manifest/shipment.ts'
import { beginTraffic } from '../observe/gauges.ts'
import { Fleet, type FleetOptions } from '../workers/fleet.ts'
import { MemberRefused } from '../workers/member.ts'
import type { Shipment } from '../workers/messages.ts'
import { Ports } from '../workers/ports.ts'
import { ConfigRejected } from './config-rejected.ts'
import type { Edition, Prepared, Servers } from './edition.ts'

export interface WorkerServersOptions
  extends Pick<
    FleetOptions,
    | 'size'
    | 'program'
    | 'ticketKeys'
    | 'acme'
    | 'quotes'
    | 'drained'
    | 'purges'
    | 'manifests'
    | 'onGrowth'
    | 'log'
    | 'metrics'
    | 'sink'
  > {
  readonly board: Board
  readonly timers: Timers
  /** Another gateway may have the addresses as well. */
  readonly beside: boolean
}

/** The first configuration is in use as soon as the processes have started. */
const NOTHING_LEFT: Prepared = { commit: () => {}, discard: () => {} }
/** A process that takes so much longer to end than its requests may is killed. Milliseconds. */
const GRACE = 4_000
/** How our own program is told that it is a worker. */
export const WORK = 'work'
/** How long news of health that change no decision wait for company. Milliseconds. */
const PATIENCE = 100

/** Several processes serve; this one tells them what, and keeps the totals of what they count. */
export class WorkerServers implements Servers {
  readonly #fleet: Fleet
  readonly #ports: Ports
  readonly #options: WorkerServersOptions
  #started = false
  #drain = 0
  #telling: Deadline | null = null

  constructor(options: WorkerServersOptions) {
    this.#options = options
    this.#ports = new Ports(options.beside)
    const { board, timers, metrics } = options
    // All that one process would show is there before the first worker has said anything.
    beginTraffic(metrics)
    this.#fleet = new Fleet({
      ...options,
      args: [WORK],
      // This process keeps a core busy meanwhile. Who takes over is there with all, since the one before goes then.
      atOnce: options.beside ? options.size : Math.max(1, availableParallelism() - 1),
      now: () => timers.now(),
      board: () => board.export(),
      latencies: () => board.latencies(),
      onReports: (reports) => board.receive(reports),
    })
    this.#fleet.begin()
  }

  get addresses(): readonly string[] {
    return this.#fleet.addresses
  }

  get size(): number {
    return this.#options.size
  }

  get serving(): number {
    return this.#fleet.serving
  }

  async prepare({ snapshot, source, places, loopId }: Edition): Promise<Prepared> {
    const listen = await this.#ports.resolve(snapshot.listen)
    const drain = snapshot.shutdown.delay + snapshot.shutdown.timeout
    const shipment: Shipment = { source, places, loopId, listen }
    try {
      if (!this.#started) await this.#fleet.start(shipment)
      const prepared = this.#started ? await this.#fleet.prepare(shipment) : NOTHING_LEFT
      this.#started = true
      return {
        discard: prepared.discard,
        commit: () => {
          this.#ports.own(listen)
          this.#drain = drain
          return prepared.commit()
        },
      }
    } catch (thrown) {
      if (thrown instanceof MemberRefused && thrown.refusal.problems.length > 0) {
        throw new ConfigRejected(thrown.refusal.problems)
      }
      throw thrown
    }
  }

  tellHealth(urgent: boolean): void {
    if (urgent) this.#tell()
    else this.#telling ??= this.#options.timers.after(PATIENCE, () => this.#tell())
  }

  tellProbe(key: string, ms: number): void {
    this.#fleet.tellProbe(key, ms)
  }

  tellDrained(names: readonly string[]): Promise<void> {
    return this.#fleet.tellDrained(names)
  }

  tellPurges(purges: readonly Purge[]): Promise<void> {
    return this.#fleet.tellPurges(purges)
  }

  tellQuotes(quotes: QuoteList): void {
    this.#fleet.tellQuotes(quotes)
  }

  tellManifest(shipment: ManifestShipment): Promise<void> {
    return this.#fleet.tellManifest(shipment)
  }

  tellAcme(change: Partial<AcmeState>): Promise<void> {
    return this.#fleet.tellAcme(change)
  }

  async close(): Promise<void> {
    // What `shutdown` grants, and a little for the end itself.
    await this.#fleet.close(this.#drain + GRACE)
    this.#telling?.cancel()
  }

  #tell(): void {
    this.#telling?.cancel()
    this.#telling = null
    this.#fleet.tellBoard(this.#options.board.export())
  }
}
