import type { DiskTier } from '../cache/disk.ts'
import type { CacheStorage } from '../config/caching.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { openDisk } from './open-cache.ts'

/** What the process that controls has to do with the cache: the disk is in order before anybody serves, and is shown once. */
export class CacheKeeper {
  readonly #log: Log
  readonly #metrics: Metrics
  #storage: CacheStorage | null = null
  #disk: DiskTier | null = null

  constructor({ log, metrics }: { readonly log: Log; readonly metrics: Metrics }) {
    this.#log = log
    this.#metrics = metrics
    metrics.onScrape(() => {
      if (this.#disk === null) return
      const { bytes, entries } = this.#disk.usage
      metrics.cacheBytes.child('disk').set(bytes)
      metrics.cacheEntries.child('disk').set(entries)
    })
  }

  /** `beside`: another gateway may have the disk open. */
  async open(storage: CacheStorage, beside: boolean): Promise<void> {
    this.#storage = storage
    this.#disk = await openDisk(storage, { log: this.#log, metrics: this.#metrics }, !beside)
    await this.#disk?.tend()
  }

  /** Where answers are kept is chosen once: a reload that changes it says so. */
  adopt(storage: CacheStorage): void {
    if (this.#storage === null || JSON.stringify(storage) === JSON.stringify(this.#storage)) return
    this.#log.warn('cache-kept', { memory: this.#storage.memory, disk: this.#storage.disk?.path ?? null })
  }

  async close(): Promise<void> {
    await this.#disk?.close()
    this.#disk = null
  }
}
