import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import { loadIpfsReader, parseIpnsName } from '../providers/index.ts'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'
import type { KnownRecord, NewestRecords } from './newest-records.ts'

export interface RecordStoreOptions {
  /** `state_dir`: an absolute path. It is made where it does not exist. */
  readonly folder: string
  readonly newest: NewestRecords
  /** Takes over what the file has; throws where a newer record is known. */
  recollect(name: string, known: KnownRecord): void
  readonly timers: Pick<Timers, 'after'>
  /** A line for the log. */
  onProblem(event: 'names-state-unreadable' | 'names-state-unwritable', fields: { path: string; error: unknown }): void
}

const FILE = 'names.json'
const VERSION = 1
/** How often the file is compared to what is known. Milliseconds. */
const INTERVAL = 30_000
/** Bytes: base64 of all records that are remembered, and their names. */
const MAX_FILE = 16 * 1024 * 1024

/**
 * Keeps the newest records of IPNS names in a file that all processes share: each takes over what is newer there, and
 * writes it where it lacks something. Two that write at once lose nothing for longer than until the next look. Records
 * are verified again when they are read: who may write the file can make a name forgotten, and nothing else. No method
 * throws.
 */
export class RecordStore {
  readonly #options: RecordStoreOptions
  readonly #path: string
  readonly #unique = randomUUID()
  #next: Deadline | null = null
  #merging: Promise<void> = Promise.resolve()
  /** A file that cannot be used is told once, not every time. */
  #failing = false
  #closed = false

  constructor(options: RecordStoreOptions) {
    this.#options = options
    this.#path = join(options.folder, FILE)
  }

  /** Takes over what was kept. */
  async load(): Promise<void> {
    await this.#read().catch((error) => this.#options.onProblem('names-state-unreadable', { path: this.#path, error }))
  }

  /** From now on what is new is written. */
  start(): void {
    this.#next = this.#options.timers.after(INTERVAL, () => {
      this.#merging = this.#merging.then(() => this.#merge())
      this.start()
    })
  }

  /** Writes what is known at the end, and waits for it. */
  async close(save = true): Promise<void> {
    this.#next?.cancel()
    if (save && !this.#closed) this.#merging = this.#merging.then(() => this.#merge())
    this.#closed = true
    await this.#merging
  }

  async #merge(): Promise<void> {
    try {
      // A file that is damaged is replaced: what it knew is lost either way.
      const kept = await this.#read().catch(() => new Map<string, string>())
      const known = this.#options.newest.entries().map(([name, { bytes }]) => [name, bytes.toString('base64')] as const)
      if (known.every(([name, record]) => kept.get(name) === record)) return
      const contents = JSON.stringify({ version: VERSION, ipns: Object.fromEntries(known) })
      await writePrivateFile(this.#path, contents, this.#unique)
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#options.onProblem('names-state-unwritable', { path: this.#path, error })
      this.#failing = true
    }
  }

  /** What the file holds, by name. Throws for anything that is not a file of ours. */
  async #read(): Promise<ReadonlyMap<string, string>> {
    const text = await readPrivateFile(this.#path, MAX_FILE)
    const kept = new Map(text === null ? [] : recordsIn(text))
    if (kept.size === 0) return kept
    const { verifyIpnsRecord } = await loadIpfsReader()
    const { newest, recollect } = this.#options
    for (const [name, record] of kept) {
      if (newest.get(name)?.bytes.toString('base64') === record) continue
      try {
        const bytes = Buffer.from(record, 'base64')
        recollect(name, { bytes, record: verifyIpnsRecord(parseIpnsName(name)!, bytes, 0) })
      } catch {
        // An older one, or none: what is written next has the newer one, or none.
      }
    }
    return kept
  }
}

function recordsIn(text: string): [name: string, record: string][] {
  const parsed = JSON.parse(text) as { version?: unknown; ipns?: unknown } | null
  const { version, ipns } = parsed ?? {}
  if (version !== VERSION || typeof ipns !== 'object' || ipns === null) {
    throw new TypeError('the file does not hold records of names')
  }
  return Object.entries(ipns).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
}
