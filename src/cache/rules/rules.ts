/** What a Policy says of caching, where answers do not. Durations are milliseconds. */
export interface CacheRules {
  /** Whether answers that say nothing get a lifetime by their Last-Modified (RFC 9111 section 4.2.2). */
  readonly heuristic: boolean
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** `honour`: a client's Cache-Control counts (RFC 9111 section 5.2.1). `ignore`: a visitor cannot make us ask. */
  readonly requestDirectives: 'honour' | 'ignore'
  /** Whether answers with Set-Cookie are stored where they are fresh by their own word; else never. */
  readonly storeSetCookie: boolean
  /**
   * Requests with credentials. `bypass`: they neither read the cache nor fill it, except for listed cookies. `rfc`: as
   * RFC 9111 section 3.5 has it for Authorization, and as any other request for Cookie.
   */
  readonly credentials: 'bypass' | 'rfc'
}

/** What holds unless a configuration says otherwise. */
export const DEFAULT_RULES: CacheRules = {
  heuristic: false,
  staleWhileRevalidate: 0,
  staleIfError: 3_600_000,
  requestDirectives: 'honour',
  storeSetCookie: false,
  credentials: 'bypass',
}
