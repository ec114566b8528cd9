import type { Endpoint, Snapshot } from '../config/snapshot.ts'
import type { Timers } from '../delivery/timers.ts'
import { Transport } from '../delivery/transport.ts'
import { Board, type HealthEvent } from '../health/board.ts'
import { Prober } from '../health/prober.ts'
import { BoardStore } from '../health/store.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'

export interface HealthKeeperOptions {
  readonly timers: Timers
  readonly metrics: Metrics
  readonly log: Log
  /** What the Board tells others has changed. `urgent`: whether an endpoint may be used has. */
  onChange(urgent: boolean): void
  /** An active check found out how long an endpoint takes to begin an answer. Milliseconds. */
  onProbed(endpoint: Endpoint, ms: number): void
}

/** What the controlling process knows and asks about endpoints: the Board, the active checks, and what survives a restart. */
export class HealthKeeper {
  readonly board: Board
  readonly #options: HealthKeeperOptions
  readonly #prober: Prober
  #transport: Transport | null = null
  #store: BoardStore | null = null
  #folder: string | null = null

  constructor(options: HealthKeeperOptions) {
    this.#options = options
    const { timers, metrics } = options
    const { random } = Math
    this.board = new Board({
      now: () => timers.now(),
      random,
      onEvent: (event, endpoint) => this.#onEvent(event, endpoint),
      onChange: () => options.onChange(false),
    })
    this.#prober = new Prober({
      timers,
      random,
      transport: () => this.#transport!,
      onResult: (endpoint, passed, ms) => {
        metrics.healthChecks.child(endpoint.cdnName, endpoint.url, passed ? 'passed' : 'failed').inc()
        this.board.checked(endpoint, passed, endpoint.cdn!.healthCheck!)
        if (ms === null) return
        this.board.answered(endpoint, ms)
        options.onProbed(endpoint, ms)
      },
    })
  }

  /** Takes over what an earlier process left where the Snapshot says. */
  async recall(snapshot: Snapshot): Promise<void> {
    this.board.retain(snapshot.endpoints)
    this.#keepIn(snapshot.stateDir)
    await this.#store?.load()
  }

  /** Watches the endpoints of this Snapshot, and no others. */
  adopt({ endpoints, stateDir }: Snapshot): void {
    const previous = this.#transport
    this.#transport = new Transport(endpoints, previous ?? undefined)
    this.board.retain(endpoints)
    void previous?.retire()
    this.#prober.watch(endpoints)
    this.#keepIn(stateDir)
  }

  async close(save: boolean): Promise<void> {
    this.#prober.close()
    await this.#transport?.destroy()
    await this.#store?.close(save)
  }

  #keepIn(folder: string | null): void {
    if (folder === this.#folder) return
    this.#folder = folder
    void this.#store?.close()
    const { timers, log } = this.#options
    const onProblem = (event: string, fields: object) => log.warn(event, { ...fields })
    this.#store =
      folder === null ? null : new BoardStore({ folder, board: this.board, timers, now: Date.now, onProblem })
    this.#store?.start()
  }

  #onEvent(event: HealthEvent, { cdnName, url }: Endpoint): void {
    const { log, metrics, onChange } = this.#options
    log.warn(event, { cdn: cdnName, endpoint: url })
    if (event === 'endpoint-ejected' || event === 'endpoint-corrupt')
      metrics.endpointEjections.child(cdnName, url).inc()
    onChange(true)
  }
}
