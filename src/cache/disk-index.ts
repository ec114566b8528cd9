import type { DatabaseSync } from 'node:sqlite'
import type { EntryHead } from './entry.ts'
import type { Purge, PurgeTarget } from './purges.ts'
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
  readonly head: EntryHead
}

const VERSION = 1
/** In the place of the time of a claim: the file is being removed. */
const REMOVING = -1
const SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, vary TEXT NOT NULL, secondary TEXT NOT NULL,
  head TEXT NOT NULL, bytes INTEGER NOT NULL, used INTEGER NOT NULL, UNIQUE (key, vary, secondary));
CREATE INDEX IF NOT EXISTS entries_used ON entries (used);
CREATE TABLE IF NOT EXISTS pieces (
  entry INTEGER NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL, data BLOB,
  PRIMARY KEY (entry, at)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pieces_digest ON pieces (digest);
CREATE TABLE IF NOT EXISTS files (digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, written INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO totals VALUES (1, 0);
CREATE TABLE IF NOT EXISTS purges (
  site TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, soft INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (site, kind, value, soft)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS entry_added AFTER INSERT ON entries BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER IF NOT EXISTS entry_gone AFTER DELETE ON entries BEGIN
  DELETE FROM pieces WHERE entry = OLD.id; UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER IF NOT EXISTS file_added AFTER INSERT ON files BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER IF NOT EXISTS file_gone AFTER DELETE ON files BEGIN
  UPDATE totals SET bytes = bytes - OLD.bytes; END;
PRAGMA user_version = ${VERSION};`

/**
 * What is known of the cache on disk, in one SQLite file that all worker processes share. What is written is there as
 * a whole or not at all. Every method may throw what SQLite throws.
 */
export class DiskIndex {
  readonly #database: DatabaseSync
  readonly #statements: Statements

  /** @param database fresh, or one that `isUsable` knows */
  constructor(database: DatabaseSync) {
    this.#database = database
    this.#statements = new Statements(database)
    // WAL: readers and a writer do not wait for each other, and a killed process damages nothing.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 250')
    const version = database.prepare('PRAGMA user_version').get()!.user_version
    if (version !== 0 && version !== VERSION) throw new Error('the index is of another version')
    if (version === 0) this.#transaction(() => database.exec(SCHEMA))
  }

  /** Bytes that entries, small pieces and files take. */
  get bytes(): number {
    return this.#get('SELECT bytes FROM totals')!.bytes as number
  }

  get entries(): number {
    return this.#get('SELECT count(*) AS n FROM entries')!.n as number
  }

  /** All variants of a URL, the most recent first. */
  variants(key: string): IndexedEntry[] {
    const rows = this.#all('SELECT id, head FROM entries WHERE key = ? ORDER BY id DESC LIMIT 16', key)
    return rows.map((row) => ({ id: row.id as number, head: JSON.parse(row.head as string) as EntryHead }))
  }

  /** The pieces that have bytes from `first` to `last`, in order. */
  pieces(id: number, first: number, last: number): Piece[] {
    const rows = this.#all(
      'SELECT at, bytes, digest, data FROM pieces WHERE entry = ? AND at <= ? AND at + bytes > ? ORDER BY at',
      ...[id, last, first],
    )
    return rows as unknown as Piece[]
  }

  /** Puts an entry with its pieces in the place of the one that the same requests match. */
  put(head: EntryHead, pieces: readonly Piece[], now: number): void {
    const text = JSON.stringify(head)
    const bytes = text.length + pieces.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
    const vary = head.varyNames.join()
    this.#transaction(() => {
      this.#run('DELETE FROM entries WHERE key = ? AND vary = ? AND secondary = ?', head.key, vary, head.secondaryKey)
      const { lastInsertRowid } = this.#run(
        'INSERT INTO entries (key, vary, secondary, head, bytes, used) VALUES (?, ?, ?, ?, ?, ?)',
        ...[head.key, vary, head.secondaryKey, text, bytes, now],
      )
      for (const { at, bytes, digest, data } of pieces) {
        this.#run('INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?)', lastInsertRowid, at, bytes, digest, data)
      }
      this.release(pieces)
    })
  }

  /** Newer fields for what is stored already; false: it is not there any more. */
  update(id: number, head: EntryHead): boolean {
    return this.#run('UPDATE entries SET head = ? WHERE id = ?', JSON.stringify(head), id).changes === 1
  }

  remove(id: number): void {
    this.#run('DELETE FROM entries WHERE id = ?', id)
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
      this.remove(oldest[evicted]!.id as number)
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

  /** Whether a file was ever claimed, and not forgotten. */
  knows(digest: string): boolean {
    return this.#get('SELECT 1 FROM files WHERE digest = ?', digest) !== undefined
  }

  addPurge({ site, target, soft, at }: Purge): void {
    const value = target.kind === 'site' ? '' : target.value
    this.#run(
      'INSERT INTO purges VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)',
      ...[site, target.kind, value, soft ? 1 : 0, at],
    )
  }

  purges(): Purge[] {
    return this.#all('SELECT site, kind, value, soft, at FROM purges').map((row) => ({
      site: row.site as string,
      target: { kind: row.kind, value: row.value } as PurgeTarget,
      soft: row.soft === 1,
      at: row.at as number,
    }))
  }

  forgetPurges(before: number): void {
    this.#run('DELETE FROM purges WHERE at < ?', before)
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
