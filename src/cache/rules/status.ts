/** RFC 9110 section 15.1: these may be stored without a word about it. 206 is stored as a part only. */
const HEURISTICALLY_CACHEABLE = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])

export function isHeuristicallyCacheable(status: number): boolean {
  return HEURISTICALLY_CACHEABLE.has(status)
}

/**
 * The status codes of RFC 9110 section 15 and the few others whose caching is laid down: RFC 9111 section 5.2.2.3 lets
 * only these be stored with must-understand. 304 and 412 answer the cache's own questions (RFC 9111 section 3).
 */
const UNDERSTOOD = new Set([
  ...HEURISTICALLY_CACHEABLE,
  ...[201, 202, 205, 302, 303, 307],
  ...[400, 401, 402, 403, 406, 407, 408, 409, 411, 413, 415, 417, 421, 422, 426, 428, 429, 431, 451],
  ...[500, 502, 503, 504, 505, 511],
])

export function isUnderstood(status: number): boolean {
  return UNDERSTOOD.has(status)
}
