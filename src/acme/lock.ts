import { open, rename, rm } from 'node:fs/promises'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'

export interface LockOptions {
  readonly path: string
  /** Distinguishes this gateway from others. */
  readonly owner: string
  /** Milliseconds on a monotonic clock. */
  now(): number
}

/** A lock that has not been renewed for so long belongs to nobody any more. Milliseconds. */
export const LEASE = 60_000

/**
 * One of several gateways that share a folder orders certificates; the others wait and read what it got. The holder renews
 * the file. Whether it still does is judged by the clock of who waits, since clocks of several machines differ and a
 * file system has one of its own. A lock that two hold for a moment costs a second certificate, nothing else.
 */
export class Lock {
  readonly #options: LockOptions
  #written: string | null = null
  #renewals = 0
  #seen: { readonly text: string; readonly at: number } | null = null

  constructor(options: LockOptions) {
    this.#options = options
  }

  /** False: somebody else has it. */
  async acquire(): Promise<boolean> {
    const { path, now } = this.#options
    if (await this.#create()) return true
    const text = await this.#read()
    if (text === null) return this.#create()
    if (this.#seen?.text !== text) this.#seen = { text, at: now() }
    if (now() - this.#seen.at < LEASE) return false
    // Renaming, not removing: of several who come to the same conclusion one gets this file.
    const aside = `${path}.${this.#options.owner}.stale`
    await rename(path, aside).catch(() => {})
    await rm(aside, { force: true })
    return this.#create()
  }

  /** Says that the holder lives. False: it was taken for dead and must stop. */
  async renew(): Promise<boolean> {
    if (this.#written === null || (await this.#read()) !== this.#written) return false
    const text = this.#line()
    await writePrivateFile(this.#options.path, text, this.#options.owner)
    this.#written = text
    return true
  }

  async release(): Promise<void> {
    const mine = this.#written !== null && (await this.#read()) === this.#written
    this.#written = null
    if (mine) await rm(this.#options.path, { force: true })
  }

  /** Created, or not, by one system call: also on NFS. */
  async #create(): Promise<boolean> {
    const file = await open(this.#options.path, 'wx', 0o600).catch(taken)
    if (file === null) return false
    const text = this.#line()
    await file.writeFile(text).finally(() => file.close())
    this.#written = text
    this.#seen = null
    return true
  }

  #read(): Promise<string | null> {
    return readPrivateFile(this.#options.path)
  }

  #line(): string {
    return JSON.stringify({ owner: this.#options.owner, renewals: this.#renewals++ })
  }
}

function taken(error: NodeJS.ErrnoException): null {
  if (error.code === 'EEXIST') return null
  throw error
}
