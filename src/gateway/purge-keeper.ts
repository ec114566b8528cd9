import { join } from 'node:path'
import { type Purge, Purges, type PurgeTarget } from '../cache/purges.ts'
import type { Snapshot } from '../config/snapshot.ts'
import type { Log } from '../observe/log.ts'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'

export interface PurgeKeeperOptions {
  readonly log: Log
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves when every process knows. */
  onChange(purges: readonly Purge[]): Promise<void>
}

const FILE = 'purges.json'
const VERSION = 1
/** Bytes: a hundred Sites with as many purges as are known one by one. */
const MAX_FILE = 256 * 1024 * 1024

/** What the controlling process knows of purges; they survive a restart, since what is stored on disk does. */
export class PurgeKeeper {
  readonly purges = new Purges()
  readonly #options: PurgeKeeperOptions
  #folder: string | null = null
  #changes: Promise<unknown> = Promise.resolve()

  constructor(options: PurgeKeeperOptions) {
    this.#options = options
  }

  /** What a process has to know that begins to serve now. */
  get all(): readonly Purge[] {
    return [...this.purges.all()]
  }

  /** Takes over what an earlier process left where the Snapshot says. */
  async recall({ stateDir, sites }: Snapshot): Promise<void> {
    this.#folder = stateDir
    if (stateDir === null) return
    const path = join(stateDir, FILE)
    try {
      const text = await readPrivateFile(path, MAX_FILE)
      if (text !== null) this.purges.addAll(purgesIn(text))
    } catch (error) {
      // What was purged is not known any more, so nothing may be used that was stored until now.
      this.#options.log.warn('purge-state-unreadable', { path, error })
      const at = this.#options.now()
      for (const { name } of sites) this.purges.add({ site: name, target: { kind: 'site' }, soft: false, at })
    }
  }

  /** From now on changes are kept where this Snapshot says. */
  adopt({ stateDir }: Snapshot): void {
    this.#folder = stateDir
  }

  /** Resolves when they are in force in every process, to whether they will survive a restart. */
  add(purges: readonly Purge[]): Promise<boolean> {
    // Here at once: a process that begins now gets them with all others.
    this.purges.addAll(purges)
    const change = this.#changes.then(() => this.#add(purges))
    this.#changes = change.catch(() => false)
    return change
  }

  async #add(purges: readonly Purge[]): Promise<boolean> {
    const { log, onChange } = this.#options
    await onChange(purges)
    if (this.#folder === null) return false
    const path = join(this.#folder, FILE)
    try {
      await writePrivateFile(path, JSON.stringify({ version: VERSION, purges: this.all }), 'new')
      return true
    } catch (error) {
      log.warn('purge-state-unwritable', { path, error })
      return false
    }
  }
}

function purgesIn(text: string): readonly Purge[] {
  const parsed = JSON.parse(text) as { version?: unknown; purges?: unknown } | null
  const { purges } = parsed ?? {}
  if (parsed?.version !== VERSION || !Array.isArray(purges) || !purges.every(isPurge)) {
    throw new TypeError('the file does not hold purges')
  }
  return purges
}

function isPurge(input: unknown): input is Purge {
  const { site, target, soft, at } = (input ?? {}) as Record<keyof Purge, unknown>
  return typeof site === 'string' && isTarget(target) && typeof soft === 'boolean' && Number.isFinite(at)
}

function isTarget(input: unknown): input is PurgeTarget {
  const { kind, value } = (input ?? {}) as { readonly kind?: unknown; readonly value?: unknown }
  return kind === 'site' || (/^(key|url|prefix|tag)$/.test(String(kind)) && typeof value === 'string')
}
