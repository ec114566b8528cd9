import { join } from 'node:path'
import type { Snapshot } from '../config/snapshot.ts'
import { Drains } from '../health/drains.ts'
import type { Log } from '../observe/log.ts'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'

export interface DrainKeeperOptions {
  readonly log: Log
  /** Resolves when every process knows. */
  onChange(names: readonly string[]): Promise<void>
}

const FILE = 'drained.json'

/** What the controlling process knows of drained Cdns; it survives a restart, however long that took. */
export class DrainKeeper {
  readonly drains = new Drains()
  readonly #options: DrainKeeperOptions
  #folder: string | null = null
  #changes: Promise<unknown> = Promise.resolve()

  constructor(options: DrainKeeperOptions) {
    this.#options = options
  }

  /** Takes over what an earlier process left where the Snapshot says. */
  async recall({ stateDir }: Snapshot): Promise<void> {
    this.#folder = stateDir
    if (stateDir === null) return
    const path = join(stateDir, FILE)
    try {
      const text = await readPrivateFile(path)
      if (text !== null) this.drains.replace(namesIn(text))
    } catch (error) {
      this.#options.log.warn('drain-state-unreadable', { path, error })
    }
  }

  /** From now on changes are kept where this Snapshot says. */
  adopt({ stateDir }: Snapshot): void {
    this.#folder = stateDir
  }

  /** Resolves when every process knows, to whether it will survive a restart. */
  set(cdn: string, drained: boolean): Promise<boolean> {
    const change = this.#changes.then(() => this.#set(cdn, drained))
    this.#changes = change.catch(() => false)
    return change
  }

  async #set(cdn: string, drained: boolean): Promise<boolean> {
    const { log, onChange } = this.#options
    const others = this.drains.names.filter((name) => name !== cdn)
    this.drains.replace(drained ? [...others, cdn] : others)
    log.info(drained ? 'cdn-drained' : 'cdn-undrained', { cdn })
    await onChange(this.drains.names)
    if (this.#folder === null) return false
    const path = join(this.#folder, FILE)
    try {
      await writePrivateFile(path, JSON.stringify({ version: 1, cdns: this.drains.names }), 'new')
      return true
    } catch (error) {
      log.warn('drain-state-unwritable', { path, error })
      return false
    }
  }
}

function namesIn(text: string): readonly string[] {
  const parsed = JSON.parse(text) as { version?: unknown; cdns?: unknown } | null
  const { cdns } = parsed ?? {}
  if (parsed?.version !== 1 || !Array.isArray(cdns) || !cdns.every((name) => typeof name === 'string')) {
    throw new TypeError('the file does not hold the names of drained CDNs')
  }
  return cdns
}
