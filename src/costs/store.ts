import { join } from 'node:path'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'
import type { Kept, Ledger } from './ledger.ts'
import { fromText, toText } from './ledger-state.ts'

export interface LedgerStoreOptions {
  /** `state_dir`: an absolute path. It is made where it does not exist. */
  readonly folder: string
  readonly ledger: Ledger
  readonly timers: Pick<Timers, 'after'>
  /** Milliseconds since the epoch. */
  now(): number
  /** A line for the log. */
  onProblem(event: LedgerProblem, fields: { readonly path: string; readonly error: unknown }): void
}

export type LedgerProblem = 'costs-state-unreadable' | 'costs-state-damaged' | 'costs-state-unwritable'

export const LEDGER_FILE = 'costs.json'
const VERSION = 1
/** How often the file is written while bytes come: what a crash costs at most. Milliseconds. */
const INTERVAL = 10_000
/** Bytes: a thousand CDNs, and more. */
const MAX_FILE = 256 * 1024 * 1024

/**
 * Keeps the Ledger in a file, which is replaced as a whole. What cannot be read costs a line in the log and what it said,
 * never the rest of it: no method throws.
 */
export class LedgerStore {
  readonly #options: LedgerStoreOptions
  readonly #path: string
  #next: Deadline | null = null
  #writing: Promise<void> = Promise.resolve()
  #written = -1
  /** A folder that cannot be written to is told once, not every ten seconds. */
  #failing = false
  #closed = false

  constructor(options: LedgerStoreOptions) {
    this.#options = options
    this.#path = join(options.folder, LEDGER_FILE)
  }

  /** Gives the Ledger, which knows its Cdns already, what was kept of them. */
  async load(): Promise<void> {
    const { ledger, now, onProblem } = this.#options
    try {
      const { kept, damaged } = await readLedgerFile(this.#path)
      ledger.import(kept, now())
      if (damaged > 0) {
        const error = new TypeError(`${damaged} of ${damaged + kept.length} entries are damaged`)
        onProblem('costs-state-damaged', { path: this.#path, error })
      }
    } catch (error) {
      onProblem('costs-state-unreadable', { path: this.#path, error })
    }
    this.#written = ledger.version
  }

  /** From now on changes are written. */
  start(): void {
    this.#next = this.#options.timers.after(INTERVAL, () => {
      if (this.#options.ledger.version !== this.#written) this.#save()
      this.start()
    })
  }

  /** Writes what is known at the end, and waits for it. */
  async close(save = true): Promise<void> {
    if (this.#closed) return this.#writing
    this.#closed = true
    this.#next?.cancel()
    if (save && this.#options.ledger.version !== this.#written) this.#save()
    await this.#writing
  }

  #save(): void {
    const { ledger } = this.#options
    this.#written = ledger.version
    const state = JSON.stringify({ version: VERSION, cdns: ledger.export().map(toText) })
    this.#writing = this.#writing.then(() => this.#write(state))
  }

  async #write(state: string): Promise<void> {
    try {
      await writePrivateFile(this.#path, state, 'new')
      this.#failing = false
    } catch (error) {
      this.#written = -1
      if (!this.#failing) this.#options.onProblem('costs-state-unwritable', { path: this.#path, error })
      this.#failing = true
    }
  }
}

/** What a file of the Ledger holds; nothing where there is none. Throws for anything that is not a file of ours. */
export async function readLedgerFile(
  path: string,
): Promise<{ readonly kept: readonly Kept[]; readonly damaged: number }> {
  const text = await readPrivateFile(path, MAX_FILE)
  if (text === null) return { kept: [], damaged: 0 }
  const parsed = JSON.parse(text) as { version?: unknown; cdns?: unknown } | null
  if (parsed?.version !== VERSION || !Array.isArray(parsed.cdns)) throw new TypeError('the file does not hold a ledger')
  const all = parsed.cdns.map(fromText)
  const kept = all.filter((one) => one !== null)
  return { kept, damaged: all.length - kept.length }
}
