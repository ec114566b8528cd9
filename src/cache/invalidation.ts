/**
 * What an unsafe method may have changed (RFC 9111 section 4.4), for every process. Keys are those under which it may be
 * stored; where header fields or cookies are parts of keys nobody knows them all, and URLs say it.
 */
export interface Invalidation {
  readonly site: string
  readonly keys: readonly string[]
  readonly urls: readonly string[]
  /** Milliseconds since the epoch. */
  readonly at: number
}
