import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { ContentFiles } from './content-files.ts'
import { DiskIndex } from './disk-index.ts'

/** SQLite is loaded by those who have a cache on disk only. */
export type OpenDatabase = new (path: string, options: { readonly timeout: number }) => DatabaseSync

/** Milliseconds that one process waits for another one's write. */
const BUSY = 250

/** An index and the files that it names, in a folder of their own: they are given up together. */
export class Volume {
  readonly number: number
  readonly path: string
  readonly index: DiskIndex
  readonly content: ContentFiles
  readonly #inode: bigint | null

  /**
   * Opens or begins it. Throws what the file system and SQLite throw.
   *
   * @param onDamagedEntry an entry is not what was written; it is gone
   */
  constructor(path: string, number: number, Database: OpenDatabase, onDamagedEntry: () => void) {
    this.path = path
    this.number = number
    mkdirSync(path, { recursive: true, mode: 0o700 })
    this.content = new ContentFiles(join(path, 'content'))
    const database = new Database(this.indexPath, { timeout: BUSY })
    try {
      this.index = new DiskIndex(database, onDamagedEntry)
    } catch (error) {
      database.close()
      throw error
    }
    this.#inode = inodeOf(this.indexPath)
  }

  /** Whether the file that is open is the one that others find: somebody may have emptied the folder. */
  get isThere(): boolean {
    return inodeOf(this.indexPath) === this.#inode
  }

  get indexPath(): string {
    return join(this.path, 'index.db')
  }
}

/** null: there is no such file. */
function inodeOf(path: string): bigint | null {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null
}
