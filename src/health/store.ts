import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'
import type { Board } from './board.ts'
import { type BoardState, parseBoardState } from './board-state.ts'

export interface BoardStoreOptions {
  /** `state_dir`: an absolute path. It is made where it does not exist. */
  readonly folder: string
  readonly board: Board
  readonly timers: Pick<Timers, 'after'>
  /** Milliseconds since the epoch. */
  now(): number
  /** A line for the log. */
  onProblem(
    event: 'health-state-unreadable' | 'health-state-unwritable',
    fields: { path: string; error: unknown },
  ): void
}

const FILE = 'health.json'
const VERSION = 1
/** How often the file is written while the Board changes. Milliseconds. */
const INTERVAL = 10_000
/** What is older says nothing any more. Milliseconds. */
const STALE = 600_000
/** So what stays true for longer is written again in time, after so many intervals. */
const REFRESH = 30
/** Bytes. */
const MAX_FILE = 64 * 1024 * 1024

/**
 * Keeps what the Board knows in a file, so that a process that starts has a hint of what the last one knew. The file is
 * replaced as a whole, and a failure costs the hint and a line in the log, nothing else: no method throws.
 */
export class BoardStore {
  readonly #options: BoardStoreOptions
  readonly #path: string
  #next: Deadline | null = null
  #writing: Promise<void> = Promise.resolve()
  #written = -1
  #idle = 0
  /** A folder that cannot be written to is told once, not every ten seconds. */
  #failing = false
  #closed = false

  constructor(options: BoardStoreOptions) {
    this.#options = options
    this.#path = join(options.folder, FILE)
  }

  /** Gives the Board its hint, which has to know its endpoints already. */
  async load(): Promise<void> {
    const { board, now, onProblem } = this.#options
    try {
      const read = await readState(this.#path)
      const age = read === null ? STALE : Math.max(0, now() - read.modifiedAt)
      if (read !== null && age < STALE) board.import(read.state, age)
    } catch (error) {
      onProblem('health-state-unreadable', { path: this.#path, error })
    }
    this.#written = board.version
  }

  /** From now on changes are written. */
  start(): void {
    this.#next = this.#options.timers.after(INTERVAL, () => {
      this.#idle++
      if (this.#idle >= REFRESH || this.#options.board.version !== this.#written) this.#save()
      this.start()
    })
  }

  /** Writes what is known at the end, and waits for it. */
  async close(save = true): Promise<void> {
    if (this.#closed) return this.#writing
    this.#closed = true
    this.#next?.cancel()
    if (save) this.#save()
    await this.#writing
  }

  #save(): void {
    const { board } = this.#options
    this.#idle = 0
    this.#written = board.version
    const state = board.export()
    this.#writing = this.#writing.then(() => this.#write(state))
  }

  async #write(state: BoardState): Promise<void> {
    const { board, onProblem } = this.#options
    try {
      await writePrivateFile(this.#path, JSON.stringify({ version: VERSION, ...state }), 'new')
      this.#failing = false
    } catch (error) {
      this.#written = Math.min(this.#written, board.version - 1)
      if (!this.#failing) onProblem('health-state-unwritable', { path: this.#path, error })
      this.#failing = true
    }
  }
}

interface Read {
  readonly state: BoardState
  readonly modifiedAt: number
}

/** null where there is no file. Throws for anything that is not a whole file of ours. */
async function readState(path: string): Promise<Read | null> {
  const text = await readPrivateFile(path, MAX_FILE)
  if (text === null) return null
  const { mtimeMs: modifiedAt } = await stat(path)
  const parsed: unknown = JSON.parse(text)
  const state = (parsed as { version?: unknown } | null)?.version === VERSION ? parseBoardState(parsed) : null
  if (state === null) throw new TypeError('the file does not hold the state of a board')
  return { state, modifiedAt }
}
