import { mkdirSync, readdirSync } from 'node:fs'
import { opendir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { INDEX_VERSION } from './disk-index.ts'
import { isBusy, isDamage } from './index-error.ts'
import { type OpenDatabase, Volume } from './volume.ts'

/**
 * `unusable`: nothing can be stored or found. `unwritable`: something could not be, now. `damaged`: the index was, and
 * all that it named is thrown away. `entry-damaged`: one answer was, and is.
 */
export type DiskProblem = 'unusable' | 'unwritable' | 'damaged' | 'entry-damaged'

export interface VolumesOptions {
  /** An absolute path. */
  readonly folder: string
  /** Milliseconds since the epoch. */
  now(): number
  onProblem(problem: DiskProblem, error: unknown): void
}

/** Milliseconds: how often it is looked whether another process has begun a new one, or whether there is one again. */
const LOOK_EVERY = 1_000
/** Milliseconds: a disk that damages all that is written to it does not keep us busy. */
const RENEW_EVERY = 10_000
const NAME = /^v(\d{1,9})\.(\d{1,9})$/

/**
 * The Volumes in a folder, of which the newest one counts, in all processes. A damaged one is never mended, nor are its
 * files touched while others have them open: whoever makes the folder of the next one has begun it, and all others
 * find it there.
 */
export class Volumes {
  readonly #options: VolumesOptions
  readonly #Database: OpenDatabase
  #current: Volume | null = null
  #lookedAt = Number.NEGATIVE_INFINITY
  #renewedAt = Number.NEGATIVE_INFINITY
  #isClosed = false
  #removing: Promise<void> = Promise.resolve()

  private constructor(options: VolumesOptions, Database: OpenDatabase) {
    this.#options = options
    this.#Database = Database
  }

  /** Throws where the folder cannot be used. */
  static async open(options: VolumesOptions): Promise<Volumes> {
    const { DatabaseSync } = await import('node:sqlite')
    const volumes = new Volumes(options, DatabaseSync)
    volumes.#lookedAt = options.now()
    volumes.#open(Math.max(1, volumes.#newest()))
    return volumes
  }

  /** null: there is none for now. */
  get current(): Volume | null {
    if (this.#isDue(this.#lookedAt, LOOK_EVERY)) this.#look()
    return this.#current
  }

  /** What a given-up Volume throws is no news. */
  isCurrent(volume: Volume): boolean {
    return volume === this.#current
  }

  /** Gives up a damaged one; the next one is empty. */
  renew(volume: Volume, error: unknown): void {
    if (!this.isCurrent(volume)) return
    this.#attempt(() => {
      this.#release()
      this.#open(this.#next(volume.number, error))
    })
  }

  /** Removes what was given up, in the background. `all`: also what gateways of other versions had; none runs. */
  removeOthers(all = false): Promise<void> {
    this.#removing = this.#removing.then(() => this.#removeOthers(all))
    return this.#removing
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#attempt(() => this.#release())
    await this.#removing
  }

  #look(): void {
    this.#lookedAt = this.#options.now()
    this.#attempt(() => {
      const current = this.#current
      const newest = this.#newest()
      const isSame = newest === current?.number
      if (this.#isClosed || (isSame && current!.isThere)) return
      this.#release()
      // Where an index was removed its log may still be there, and is not for another one.
      this.#open(isSame ? newest + 1 : Math.max(1, newest))
    })
  }

  #open(first: number): void {
    for (let number = first; ; ) {
      try {
        const onDamaged = () => this.#options.onProblem('entry-damaged', null)
        this.#current = new Volume(this.#path(number), number, this.#Database, onDamaged)
        return
      } catch (error) {
        // Others are beginning it, too: the next look finds it begun.
        if (isBusy(error)) return
        if (!isDamage(error)) throw error
        number = this.#next(number, error)
      }
    }
  }

  /** The number of what comes after a damaged one. Throws its error where that was tried a moment ago. */
  #next(number: number, error: unknown): number {
    const newest = this.#newest()
    if (newest > number) return newest
    if (!this.#isDue(this.#renewedAt, RENEW_EVERY)) throw error
    this.#renewedAt = this.#options.now()
    if (!made(this.#path(number + 1))) return number + 1
    this.#options.onProblem('damaged', error)
    void this.removeOthers()
    return number + 1
  }

  #newest(): number {
    return namesIn(this.#options.folder).reduce((newest, name) => Math.max(newest, numberOf(name) ?? 0), 0)
  }

  async #removeOthers(all: boolean): Promise<void> {
    const current = this.#current
    if (current === null) return
    try {
      for (const name of namesIn(this.#options.folder)) {
        const number = numberOf(name)
        const isOther = number === null ? all && NAME.test(name) : number < current.number
        if (isOther) await removeTree(join(this.#options.folder, name), () => this.#isClosed)
      }
    } catch (error) {
      this.#options.onProblem('unwritable', error)
    }
  }

  #path(number: number): string {
    return join(this.#options.folder, `v${INDEX_VERSION}.${number}`)
  }

  #release(): void {
    const index = this.#current?.index
    this.#current = null
    index?.close()
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#options.onProblem('unusable', error)
    }
  }

  /** A clock that was set back must not keep it from being due. */
  #isDue(last: number, interval: number): boolean {
    return Math.abs(this.#options.now() - last) >= interval
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** null: the folder is not of a Volume, or of one of another version. */
function numberOf(name: string): number | null {
  const [, version, number] = NAME.exec(name) ?? []
  return version === `${INDEX_VERSION}` ? Number(number) : null
}

/** Whether a folder was made by us: of all who try one does. */
function made(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** File by file: it can be stopped, and takes no memory for what it has not come to. */
async function removeTree(folder: string, isStopped: () => boolean): Promise<void> {
  for await (const entry of await opendir(folder)) {
    if (isStopped()) return
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await removeTree(path, isStopped)
    else await rm(path, { force: true })
  }
  // Who has not noticed yet may have written something: whoever starts next removes it.
  if (!isStopped()) await rmdir(folder).catch(() => {})
}
