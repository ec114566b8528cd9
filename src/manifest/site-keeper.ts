import type { ManifestSettings } from '../config/content.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Log } from '../observe/log.ts'
import { accept } from './accept.ts'
import type { Manifest } from './manifest.ts'
import { type KeptManifest, ManifestStore } from './manifest-store.ts'
import { openManifest } from './open-manifest.ts'
import { isManifestRefusal, type ManifestFault, type ManifestRefusal } from './refusal.ts'
import type { ManifestShipment } from './shipment.ts'
import { SourceReader } from './source-reader.ts'

export interface ManifestSource extends ManifestSettings {
  /** The name of the Site. */
  readonly site: string
}

export type LoadResult = 'accepted' | 'unreadable' | 'failed' | ManifestFault

export interface SiteKeeperOptions {
  readonly timers: Pick<Timers, 'after'>
  /** Milliseconds since 1970. */
  now(): number
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** Another manifest is the current one. Resolves when every process that serves has it. */
  onChange(): Promise<void>
  /** One that is new was accepted, or not; `unreadable`: there was none where one should be. */
  onLoad(site: string, result: LoadResult): void
}

/** What a site's keeper knows, and another one for the same site and key takes over. */
export interface Held {
  readonly current: KeptManifest
  readonly previous: KeptManifest | null
  readonly previousUntil: number
}

/** How long before its end a manifest is complained of: a week, or the last quarter of its time. Milliseconds. */
const WARNING = 7 * 86_400_000

/**
 * Keeps the manifest of one site up to date: looks for a new one, refuses what is not better, and remembers what it
 * accepted over restarts. Nothing that happens here stops the site from being served: no method throws.
 */
export class SiteKeeper {
  readonly source: ManifestSource
  readonly #options: SiteKeeperOptions
  readonly #reader: SourceReader
  readonly #store: ManifestStore | null
  readonly #stop = new AbortController()
  #held: Held | null
  #shipment: ManifestShipment
  #looking: Promise<void> = Promise.resolve()
  #next: Deadline | null = null
  /** What was said last is not said again at each look. */
  #told = ''
  #warned = ''

  /** @param folder `state_dir`; null: nothing survives a restart */
  constructor(source: ManifestSource, folder: string | null, held: Held | null, options: SiteKeeperOptions) {
    this.source = source
    this.#options = options
    this.#held = held
    this.#shipment = shipmentOf(source, held)
    this.#reader = new SourceReader(source.source)
    this.#store = folder === null ? null : new ManifestStore(folder, source.site)
  }

  get held(): Held | null {
    return this.#held
  }

  /** The same object until there is something new. */
  get shipment(): ManifestShipment {
    return this.#shipment
  }

  /** Takes over what an earlier process accepted. */
  async recall(): Promise<void> {
    if (this.#store === null) return
    const { site, publicKey, grace } = this.source
    try {
      const recalled = await this.#store.recall(publicKey)
      if (recalled === null || recalled.current.manifest.site !== site) return
      const { current, previous, since } = recalled
      await this.#hold({ current, previous, previousUntil: since + grace })
    } catch (error) {
      this.#options.log.warn('manifest-state-unreadable', { path: this.#store.path, error })
    }
  }

  /** Looks whether there is a new one. Resolves when it is in use, or refused. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look()).catch((error) => this.#fail(error))
    return this.#looking
  }

  /** From now on it looks by itself. */
  start(): void {
    if (this.#stop.signal.aborted) return
    this.#next = this.#options.timers.after(this.#reader.interval, () => {
      void this.look().then(() => this.start())
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#next?.cancel()
    await this.#looking
  }

  async #look(): Promise<void> {
    if (this.#stop.signal.aborted) return
    try {
      const bytes = await this.#reader.read(this.#stop.signal)
      if (bytes !== null && !this.#stop.signal.aborted) await this.#judge(bytes)
    } catch (thrown) {
      const { message } = thrown as Error
      if (!this.#stop.signal.aborted) {
        this.#load('unreadable')
        this.#tell('manifest-unreadable', { message })
      }
    }
    this.#warnOfEnd()
  }

  async #judge(bytes: Buffer): Promise<void> {
    const { site, publicKey } = this.source
    const current = this.#held?.current ?? null
    if (current?.bytes.equals(bytes)) return this.#calm()
    const manifest = openManifest(bytes, publicKey)
    if (isManifestRefusal(manifest)) return this.#refuse(manifest)
    const known = current?.manifest ?? null
    const verdict = accept(manifest, { site, current: known, now: this.#options.now() })
    if (verdict === 'unchanged') return this.#calm()
    if (verdict !== 'accepted') return this.#refuse(verdict)
    await this.#adopt({ manifest, bytes })
  }

  async #adopt(current: KeptManifest): Promise<void> {
    const { site, grace } = this.source
    const { manifest } = current
    const previous = this.#held?.current ?? null
    // Whoever waits for the event may go on to publish the files: nobody must take them for a lie then.
    await this.#hold({ current, previous, previousUntil: this.#options.now() + grace })
    this.#calm()
    this.#load('accepted')
    const expires = new Date(manifest.expires).toISOString()
    this.#options.log.info('manifest-accepted', {
      site,
      sequence: manifest.sequence,
      paths: manifest.files.size,
      expires,
    })
    await this.#store?.keep(current.bytes, previous?.bytes ?? null).catch((error: unknown) => {
      this.#options.log.warn('manifest-state-unwritable', { path: this.#store!.path, error })
    })
  }

  #hold(held: Held): Promise<void> {
    this.#held = held
    this.#shipment = shipmentOf(this.source, held)
    return this.#options.onChange()
  }

  #calm(): void {
    this.#told = ''
  }

  #refuse(refusal: ManifestRefusal): void {
    this.#load(refusal.fault)
    this.#tell('manifest-refused', { ...refusal })
  }

  #fail(error: unknown): void {
    this.#load('failed')
    this.#tell('manifest-failed', { error })
  }

  #load(result: LoadResult): void {
    this.#options.onLoad(this.source.site, result)
  }

  #tell(event: string, fields: object): void {
    const told = JSON.stringify([event, fields])
    if (told === this.#told) return
    this.#told = told
    const kept = this.#held?.current.manifest.sequence ?? null
    this.#options.log.warn(event, { site: this.source.site, source: this.#reader.name, ...fields, kept })
  }

  /** Once that it will expire, and once that it did. */
  #warnOfEnd(): void {
    const manifest = this.#held?.current.manifest
    if (manifest === undefined) return
    const left = manifest.expires - this.#options.now()
    const event = left <= 0 ? 'manifest-expired' : left <= warningOf(manifest) ? 'manifest-expires-soon' : ''
    const warned = `${event} ${manifest.id}`
    if (event === '' || warned === this.#warned) return
    this.#warned = warned
    const fields = { site: this.source.site, expires: new Date(manifest.expires).toISOString() }
    if (left <= 0) this.#options.log.error(event, fields)
    else this.#options.log.warn(event, fields)
  }
}

function shipmentOf({ site, publicKey }: ManifestSource, held: Held | null): ManifestShipment {
  const bytes = { current: held?.current.bytes ?? null, previous: held?.previous?.bytes ?? null }
  return { site, publicKey, ...bytes, previousUntil: held?.previousUntil ?? 0 }
}

function warningOf({ created, expires }: Manifest): number {
  return Math.min(WARNING, (expires - created) / 4)
}
