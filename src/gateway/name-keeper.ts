import { getServers } from 'node:dns'
import type { Timers } from '../delivery/timers.ts'
import { DnsClient } from '../names/dns-client.ts'
import { NameService } from '../names/name-service.ts'
import { RecordStore } from '../names/record-store.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'

export interface NameKeeperOptions {
  readonly timers: Timers
  readonly log: Log
  readonly metrics: Metrics
  /** Milliseconds since the epoch. */
  now(): number
}

/** Lines of the log about names that cannot be looked up: clients may have thought of them. Milliseconds. */
const BETWEEN_LINES = 10_000

/** What a process that serves knows of names, and what of it survives a restart. */
export class NameKeeper {
  readonly names: NameService
  readonly #options: NameKeeperOptions
  #store: RecordStore | null = null
  #folder: string | null = null

  constructor(options: NameKeeperOptions) {
    const { log, metrics, now } = options
    const dns = new DnsClient({ servers: getServers })
    this.#options = options
    this.names = new NameService({
      now,
      txt: (name) => dns.txt(name),
      onStale: (name, error) => log.throttle('name-stale', BETWEEN_LINES)?.warn('name-stale', { name, error }),
      onLookUp: (kind, result) => metrics.nameLookups.child(kind, result).inc(),
    })
  }

  /** Takes over what an earlier process left in this folder, and keeps there what is new. */
  async keepIn(folder: string | null): Promise<void> {
    if (folder === this.#folder) return
    this.#folder = folder
    void this.#store?.close()
    this.#store = null
    if (folder === null) return
    const { timers, log } = this.#options
    const { newest } = this.names
    const store = new RecordStore({
      folder,
      newest,
      recollect: (name, known) => this.names.recollect(name, known),
      timers,
      onProblem: (event, fields) => log.warn(event, { ...fields }),
    })
    this.#store = store
    await store.load()
    if (this.#store === store) store.start()
  }

  async close(): Promise<void> {
    await this.#store?.close()
    this.#store = null
  }
}
