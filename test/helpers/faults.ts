/** What an upstream, or the way to it, can do wrong. docs/failover.md says what the gateway makes of each. */
export const FAULTS = [
  // To the connection.
  'refuse',
  'reset-on-connect',
  'half-open',
  'end-and-listen',
  'tls-expired',
  'tls-wrong-name',
  'unresolvable',
  // Before the headers are complete.
  'reset-before-headers',
  'end-before-headers',
  'stall-before-headers',
  'drip-headers',
  'garbage',
  'interim-flood',
  'server-errors',
  // In the body.
  'reset-in-body',
  'end-in-body',
  'stall-in-body',
  'drip-body',
  'cut-chunked',
  'no-last-chunk',
  'length-too-long',
  'extra-bytes',
] as const

/**
 * - `half-open`: accepts, reads, never answers nor closes · `end-and-listen`: the same, but sends FIN at once
 * - `reset-on-connect`: accepts and resets · `unresolvable`: the URL names a host that does not exist
 * - `drip-headers`, `drip-body`: slowly, but never silent; the body is complete after about a second
 * - `interim-flood`: 103 for ever · `server-errors`: 500, 502, 503, 504 in turn
 * - `…-in-body`, `cut-chunked`: after two fifths of the body · `no-last-chunk`: all data, then FIN without the last chunk
 * - `length-too-long`: promises more than comes, then FIN · `extra-bytes`: a second, forged answer behind the true one
 */
export type Fault = (typeof FAULTS)[number]

/** Faults that only a TLS listener can have. */
export const TLS_FAULTS: readonly Fault[] = ['tls-expired', 'tls-wrong-name']
