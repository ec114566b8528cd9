/** What an index says of itself is wrong: it is of another version, or does not add up. */
export class IndexDamagedError extends Error {
  constructor(what: string) {
    super(`the index of the cache on disk is damaged: ${what}`)
    this.name = 'IndexDamagedError'
  }
}

/** Primary result codes of SQLite that pass, or that a new index would not help: the disk is full, read-only, or gone. */
const BUSY = 5
const NOT_DAMAGE: ReadonlySet<number> = new Set([BUSY, 6, 7, 8, 9, 10, 13, 14, 15])
/** SQLITE_IOERR_READ, _SHORT_READ, _DATA and _CORRUPTFS: what was written cannot be read any more. */
const UNREADABLE: ReadonlySet<number> = new Set([266, 522, 8202, 8458])

/**
 * Whether an index has to be begun anew: its bytes are not what was written. Our statements are right, so that whatever
 * SQLite has against them (a table that is missing, a constraint) comes from there too.
 */
export function isDamage(error: unknown): boolean {
  if (error instanceof IndexDamagedError) return true
  const { code, errcode = 0 } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: number }
  // A number that no cache has.
  if (code === 'ERR_OUT_OF_RANGE') return true
  return code === 'ERR_SQLITE_ERROR' && (!NOT_DAMAGE.has(errcode & 0xff) || UNREADABLE.has(errcode))
}

/** Another process has it, for longer than we wait. */
export function isBusy(error: unknown): boolean {
  const { code, errcode = 0 } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: number }
  return code === 'ERR_SQLITE_ERROR' && (errcode & 0xff) === BUSY
}
