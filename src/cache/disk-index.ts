import { hash, randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { EntryHead } from './entry.ts'
import { IndexDamagedError } from './index-error.ts'
import { Statements } from './statements.ts'

/** A piece of a stored body. Small ones are in the table itself, others in a file that is named by its digest. */
export interface Piece {
  /** Its first byte's place in the representation. */
  readonly at: number
  readonly bytes: number
  /** Subresource-integrity form: `sha256-…`. */
  readonly digest: string
  readonly data: Uint8Array | null
}

/** An entry as the table has it. */
export interface IndexedEntry {
  readonly id: number
  /** Of this entry alone, since ids are given out again: what is sealed with it belongs together. */
  readonly nonce: string
  readonly head: EntryHead
}

export const INDEX_VERSION = 1
/** In the place of the time of a claim: the file is being removed. */
const REMOVING = -1
const SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, vary TEXT NOT NULL, secondary TEXT NOT NULL,
  nonce TEXT NOT NULL, seal TEXT NOT NULL, head TEXT NOT NULL, bytes INTEGER NOT NULL, used INTEGER NOT NULL,
  UNIQUE (key, vary, secondary));
CREATE INDEX IF NOT EXISTS entries_used ON entries (used);
CREATE TABLE IF NOT EXISTS pieces (
  entry INTEGER NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL, seal TEXT NOT NULL, data BLOB,
  PRIMARY KEY (entry, at)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pieces_digest ON pieces (digest);
CREATE TABLE IF NOT EXISTS files (digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, written INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO totals VALUES (1, 0);
CREATE TRIGGER IF NOT EXISTS entry_added AFTER INSERT ON entries BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER IF NOT EXISTS entry_gone AFTER DELETE ON entries BEGIN
  DELETE FROM pieces WHERE entry = OLD.id; UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER IF NOT EXISTS file_added AFTER INSERT ON files BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER IF NOT EXISTS file_gone AFTER DELETE ON files BEGIN
  UPDATE totals SET bytes = bytes - OLD.bytes; END;
PRAGMA user_version = ${INDEX_VERSION};`

/** Tables, indexes and triggers. */
const PARTS = SCHEMA.split('CREATE ').length - 1

/**
 * What is known of the cache on disk, in one SQLite file that all worker processes share. What is written is there as
 * a whole or not at all. Every method may throw what SQLite throws.
 */
export class DiskIndex {
  readonly #database: DatabaseSync
  readonly #statements: Statements
  readonly #onDamaged: () => void
  /** Nothing was there. */
  readonly isNew: boolean

  /**
   * @param database fresh, or one that was this
   * @param onDamaged an entry was found that is not what was written, and taken out
   */
  constructor(database: DatabaseSync, onDamaged: () => void) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#onDamaged = onDamaged
    // WAL: readers and a writer do not wait for each other, and a killed process damages nothing.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    const version = database.prepare('PRAGMA user_version').get()!.user_version
    if (version !== 0 && version !== INDEX_VERSION) throw new IndexDamagedError(`it is of version ${version}`)
    this.isNew = version === 0
    if (this.isNew) this.#transaction(() => database.exec(SCHEMA))
    const parts = database.prepare('SELECT count(*) AS n FROM sqlite_schema WHERE sql IS NOT NULL').get()!.n
    if (parts !== PARTS) throw new IndexDamagedError('parts of it are missing')
  }

  /** Bytes that entries, small pieces and files take. */
  get bytes(): number {
    const row = this.#get('SELECT bytes FROM totals')
    if (row === undefined) throw new IndexDamagedError('it does not say how large it is')
    return row.bytes as number
  }

  get entries(): number {
    return this.#get('SELECT count(*) AS n FROM entries')!.n as number
  }

  /** All variants of a URL, the most recent first. */
  variants(key: string): IndexedEntry[] {
    const rows = this.#all('SELECT id, nonce, seal, head FROM entries WHERE key = ? ORDER BY id DESC LIMIT 16', key)
    return rows.flatMap((row) => this.#opened(key, row) ?? [])
  }

  /** null: it is not what was written, or not under its key; it is gone then. */
  #opened(key: string, { id, nonce, seal, head: text }: Record<string, unknown>): IndexedEntry | null {
    if (sealOf(nonce, text) === seal) {
      const head = JSON.parse(text as string) as EntryHead
      if (head.key === key) return { id: id as number, nonce: nonce as string, head }
    }
    this.#onDamaged()
    this.#run('DELETE FROM entries WHERE id = ?', id as number)
    return null
  }

  /** The pieces that have bytes from `first` to `last`, in order, up to one that is not what was written for this entry. */
  pieces({ id, nonce }: IndexedEntry, first: number, last: number): Piece[] {
    const rows = this.#all(
      'SELECT at, bytes, digest, seal, data FROM pieces WHERE entry = ? AND at <= ? AND at + bytes > ? ORDER BY at',
      ...[id, last, first],
    ) as unknown as (Piece & { readonly seal: string })[]
    const broken = rows.findIndex(({ at, digest, seal }) => sealOf(nonce, at, digest) !== seal)
    return broken === -1 ? rows : rows.slice(0, broken)
  }

  /** Puts an entry with its pieces in the place of the one that the same requests match. */
  put(head: EntryHead, pieces: readonly Piece[], now: number): void {
    const text = JSON.stringify(head)
    const bytes = text.length + pieces.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
    const vary = head.varyNames.join()
    const nonce = randomUUID()
    this.#transaction(() => {
      this.#run('DELETE FROM entries WHERE key = ? AND vary = ? AND secondary = ?', head.key, vary, head.secondaryKey)
      const { lastInsertRowid } = this.#run(
        'INSERT INTO entries (key, vary, secondary, nonce, seal, head, bytes, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[head.key, vary, head.secondaryKey, nonce, sealOf(nonce, text), text, bytes, now],
      )
      for (const { at, bytes, digest, data } of pieces) {
        const values = [lastInsertRowid, at, bytes, digest, sealOf(nonce, at, digest), data]
        this.#run('INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?)', ...values)
      }
      this.release(pieces)
    })
  }

  /** Newer fields for what is stored already; false: it is not there any more. */
  update({ id, nonce }: IndexedEntry, head: EntryHead): boolean {
    const text = JSON.stringify(head)
    const sql = 'UPDATE entries SET head = ?, seal = ? WHERE id = ? AND nonce = ?'
    return this.#run(sql, text, sealOf(nonce, text), id, nonce).changes === 1
  }

  remove({ id, nonce }: IndexedEntry): void {
    this.#run('DELETE FROM entries WHERE id = ? AND nonce = ?', id, nonce)
  }

  removeKey(key: string): void {
    this.#run('DELETE FROM entries WHERE key = ?', key)
  }

  touch(id: number, now: number): void {
    this.#run('UPDATE entries SET used = ? WHERE id = ? AND used < ?', now, id, now)
  }

  /** Says that a file is about to be written: what nothing refers to in the end can be found then. */
  claim(digest: string, bytes: number, now: number): void {
    this.#run(
      'INSERT INTO files VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET written = excluded.written',
      digest,
      bytes,
      now,
    )
  }

  /** Takes back what was claimed: an entry refers to the files now, or none will. */
  release(pieces: readonly Piece[]): void {
    for (const { digest, data } of pieces) {
      if (data === null) this.#run('UPDATE files SET written = 0 WHERE digest = ?', digest)
    }
  }

  releaseAll(): void {
    this.#run('UPDATE files SET written = 0 WHERE written > 0')
  }

  /**
   * Takes out the entries that were not used for longest, as many as have so many bytes; at most `most` of them.
   * Pieces that others have too count as theirs.
   */
  evict(bytes: number, most: number): number {
    const files = 'SELECT coalesce(sum(bytes), 0) FROM pieces WHERE entry = id AND data IS NULL'
    const oldest = this.#all(`SELECT id, bytes + (${files}) AS bytes FROM entries ORDER BY used LIMIT ?`, most)
    let left = bytes
    let evicted = 0
    for (; evicted < oldest.length && left > 0; evicted++) {
      this.#run('DELETE FROM entries WHERE id = ?', oldest[evicted]!.id as number)
      left -= oldest[evicted]!.bytes as number
    }
    return evicted
  }

  /**
   * Files that no entry refers to, and that nobody is still writing. Whoever has removed one says so with `forget`: a
   * process that is killed before that leaves them to the next one.
   *
   * @param before milliseconds since the epoch: what was claimed later may still be written
   */
  orphans(before: number, most: number): string[] {
    const unused = 'written < ? AND NOT EXISTS (SELECT 1 FROM pieces WHERE pieces.digest = files.digest)'
    const rows = this.#all(
      `UPDATE files SET written = ${REMOVING} WHERE digest IN (SELECT digest FROM files WHERE ${unused} LIMIT ?) RETURNING digest`,
      ...[before, most],
    )
    return rows.map((row) => row.digest as string)
  }

  /** A file is gone, unless it was claimed again meanwhile. */
  forget(digest: string): void {
    this.#run(`DELETE FROM files WHERE digest = ? AND written = ${REMOVING}`, digest)
  }

  /**
   * Takes note of a file that nobody claimed, so that it is found among the orphans. What is being written was claimed
   * before, and stays as it is.
   */
  adopt(digest: string, bytes: number): void {
    this.#run('INSERT OR IGNORE INTO files VALUES (?, ?, 0)', digest, bytes)
  }

  /** Whether a file was ever claimed, and not forgotten. */
  knows(digest: string): boolean {
    return this.#get('SELECT 1 FROM files WHERE digest = ?', digest) !== undefined
  }

  close(): void {
    this.#database.close()
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #run(sql: string, ...values: SqlValue[]) {
    return this.#statements.of(sql).run(...values)
  }

  #get(sql: string, ...values: SqlValue[]) {
    return this.#statements.of(sql).get(...values)
  }

  #all(sql: string, ...values: SqlValue[]) {
    return this.#statements.of(sql).all(...values)
  }
}

type SqlValue = string | number | bigint | null | Uint8Array

/** Of what was written: 132 bits. No secret is in it; it tells what a disk did. */
function sealOf(...parts: readonly unknown[]): string {
  return hash('sha256', parts.join('\n'), 'base64url').slice(0, 22)
}
