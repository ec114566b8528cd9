/** A request as an access log tells of it. What clients sent is as it was: not checked, not normalised. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly client: string
  readonly method: string
  readonly host: string
  /** A path, with or without a query, or an absolute URL. */
  readonly target: string
  /** Of the body, as sent to the client. */
  readonly bytes: number
  readonly userAgent: string | null
  readonly referer: string | null
  /** Our own log only: what really happened. */
  readonly happened: Happened | null
}

export interface Happened {
  /** Who served it: a CDN, `origin`, or `none`. */
  readonly servedBy: string
  /** CDNs at which attempts failed, in order. */
  readonly failedAt: readonly string[]
}

/** A line that is no request: why, in a few fixed words. `null`: it is an event of our own log, and no fault. */
export type NoEntry = { readonly why: string } | null
