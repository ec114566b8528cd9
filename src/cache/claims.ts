import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../state/make-folder.ts'
import { Statements } from './statements.ts'

/**
 * What is known of a key among all processes. `free`: nobody asks for it. `lapsed`: who did has died, or takes too long.
 * `unshared`: answers for it are for one client each, until then (milliseconds since the epoch).
 */
export type Claim =
  | { readonly kind: 'ours' | 'theirs' | 'free' | 'lapsed' }
  | { readonly kind: 'unshared'; readonly until: number }

export interface ClaimsOptions {
  /** Absolute path of the cache on disk. */
  readonly folder: string
  /** What no other process is called. */
  readonly owner: string
  /** How many are remembered, about: the table is looked after once in a thousand claims of each process. */
  readonly maxClaims: number
  /** Milliseconds since the epoch, of the machine: one clock for all processes. */
  now(): number
  /** It does not work, once: every process asks for itself then. */
  onProblem(error: unknown): void
}

/** Milliseconds: longer than others wait for one who asks, a claim is of no use. */
const LIFE = 2_000
const PRUNE_EVERY = 1_000
const FILE = 'claims.db'
const NOBODY = ''

const SCHEMA = `
CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID`

/** One statement says whose it is now, whoever that was before. */
const CLAIM = `
INSERT INTO claims VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET
  owner = iif(until <= ?4, excluded.owner, owner), until = iif(until <= ?4, excluded.until, until)
RETURNING owner, until`

/** What has ended, and what ends next where more is left than may be. */
const PRUNE = `
DELETE FROM claims WHERE until <= ?1 OR key IN (
  SELECT key FROM claims WHERE until > ?1 ORDER BY until
  LIMIT max(0, (SELECT count(*) FROM claims WHERE until > ?1) - ?2))`

/**
 * Who asks for which key, among all processes that share a cache on disk. It is a file beside the index, so that neither
 * waits for the other; of what it says nothing has to survive. No method throws: without an answer everybody asks.
 */
export class Claims {
  readonly #options: ClaimsOptions
  readonly #database: DatabaseSync
  readonly #statements: Statements
  #untilPruned = PRUNE_EVERY
  #isTold = false

  private constructor(options: ClaimsOptions, database: DatabaseSync) {
    this.#options = options
    this.#database = database
    this.#statements = new Statements(database)
    try {
      // What a killed process wrote is whole. What a power failure damages is begun anew by whoever starts next.
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${SCHEMA}`)
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** null: the folder cannot be used. */
  static async open(options: ClaimsOptions): Promise<Claims | null> {
    try {
      await makeFolder(options.folder)
      // Only those who have a cache on disk load SQLite.
      const { DatabaseSync } = await import('node:sqlite')
      return new Claims(options, new DatabaseSync(join(options.folder, FILE), { timeout: BUSY }))
    } catch (error) {
      options.onProblem(error)
      return null
    }
  }

  /** Begins anew, damaged or not. No process may have it open. */
  static async clear(folder: string): Promise<void> {
    for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, FILE + suffix), { force: true })
  }

  /** Claims a key, unless it is taken. `free`: nobody knows; ask, but others will too. */
  claim(key: string): Claim {
    const { owner, now } = this.#options
    return this.#try(FREE, () => {
      this.#prune()
      return this.#read(this.#statements.of(CLAIM).get(digestOf(key), owner, now() + LIFE, now())!)
    })
  }

  /** What is known of a key. */
  look(key: string): Claim {
    return this.#try(FREE, () => {
      const row = this.#statements.of('SELECT owner, until FROM claims WHERE key = ?').get(digestOf(key))
      return row === undefined ? FREE : this.#read(row)
    })
  }

  /** Of what we claimed, unless it has lapsed and is another one's now. */
  release(key: string): void {
    this.#run('DELETE FROM claims WHERE key = ? AND owner = ?', digestOf(key), this.#options.owner)
  }

  /** Says that answers for this key are not for others, until then. In the place of a claim. */
  mark(key: string, until: number): void {
    this.#run('INSERT OR REPLACE INTO claims VALUES (?, ?, ?)', digestOf(key), NOBODY, until)
  }

  /** Something was stored for this key after all. */
  unmark(key: string): void {
    this.#run('DELETE FROM claims WHERE key = ? AND owner = ?', digestOf(key), NOBODY)
  }

  close(): void {
    if (!this.#database.isOpen) return
    this.#run('DELETE FROM claims WHERE owner = ?', this.#options.owner)
    this.#isTold = true
    this.#database.close()
  }

  #read({ owner, until }: Record<string, unknown>): Claim {
    if ((until as number) <= this.#options.now()) return LAPSED
    if (owner === NOBODY) return { kind: 'unshared', until: until as number }
    return owner === this.#options.owner ? OURS : THEIRS
  }

  #prune(): void {
    this.#untilPruned--
    if (this.#untilPruned > 0) return
    this.#untilPruned = PRUNE_EVERY
    this.#statements.of(PRUNE).run(this.#options.now(), this.#options.maxClaims)
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#try(undefined, () => void this.#statements.of(sql).run(...values))
  }

  #try<Result>(otherwise: Result, work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (!this.#isTold) this.#options.onProblem(error)
      this.#isTold = true
      return otherwise
    }
  }
}

/** Milliseconds: rather than wait longer for another writer, the question is asked twice. */
const BUSY = 10
const FREE: Claim = { kind: 'free' }
const LAPSED: Claim = { kind: 'lapsed' }
const OURS: Claim = { kind: 'ours' }
const THEIRS: Claim = { kind: 'theirs' }

/** Keys are as long as URLs: rows are not. */
function digestOf(key: string): Uint8Array {
  return createHash('sha256').update(key).digest()
}
