import { fileURLToPath } from 'node:url'
import { type PolycdnError, toPolycdnError } from '../errors.ts'
import { type GeoDatabase, type GeoKind, openDatabase } from './database.ts'
import { fileVersion, unreadable } from './database-file.ts'

/** The table that polycdn brings; the same place from src/geo and from dist/geo. */
export const BUNDLED_DATABASE = fileURLToPath(new URL('../../data/geo-default.mmdb', import.meta.url))

export interface GeoReload {
  readonly ok: boolean
  readonly path: string
  /** Why the old database stays in use. */
  readonly error?: PolycdnError
}

export interface GeoSourceOptions {
  /** null is the bundled table. */
  readonly path: string | null
  /** Default: what places clients. */
  readonly kind?: GeoKind
  /** Milliseconds between two looks at the file; 0 for none. */
  readonly reloadInterval: number
  /** Runs after each change of the file, once `database` is the new one, or that it could not be used. */
  readonly onReload: (reload: GeoReload) => void
}

/** The longest that a timer of Node can wait; more would be no wait at all. */
const LONGEST_WAIT = 2 ** 31 - 1

/** A configured database, read again whenever its file changes. What cannot be read never replaces what could. */
export class GeoSource {
  readonly path: string
  readonly #kind: GeoKind
  readonly #onReload: GeoSourceOptions['onReload']
  readonly #timer: NodeJS.Timeout | null
  #database: GeoDatabase
  #checking: Promise<void> | null = null
  #closed = false

  /** Throws geo_unreadable when there is nothing usable to begin with. */
  static async open(options: GeoSourceOptions): Promise<GeoSource> {
    const database = await openDatabase(options.path ?? BUNDLED_DATABASE, options.kind)
    return new GeoSource(database, options)
  }

  private constructor(database: GeoDatabase, { kind = 'database', reloadInterval, onReload }: GeoSourceOptions) {
    this.#kind = kind
    this.path = database.path
    this.#database = database
    this.#onReload = onReload
    const wait = Math.min(reloadInterval, LONGEST_WAIT)
    this.#timer = wait > 0 ? setInterval(() => void this.check(), wait).unref() : null
  }

  get database(): GeoDatabase {
    return this.#database
  }

  /** Looks at the file now. A file that could not be used is tried again at each look: it may be half written. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null
    })
    return this.#checking
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  async #check(): Promise<void> {
    const result = await this.#read()
    if (this.#closed || result === null) return
    if ('error' in result) return this.#onReload({ ok: false, path: this.path, error: result.error })
    this.#database = result.database
    this.#onReload({ ok: true, path: this.path })
  }

  async #read(): Promise<{ database: GeoDatabase } | { error: PolycdnError } | null> {
    try {
      const version = await fileVersion(this.path).catch(() => null)
      if (version === this.#database.version) return null
      if (version === null) throw unreadable(this.path, 'the file is gone')
      return { database: await openDatabase(this.path, this.#kind) }
    } catch (thrown) {
      return { error: toPolycdnError(thrown) }
    }
  }
}
