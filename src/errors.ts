/** Whose fault a failure is. It decides who is told, who is charged and whether another Endpoint may help. */
export type Fault = 'client' | 'config' | 'upstream' | 'internal'

interface ErrorRow {
  readonly fault: Fault
  /** The HTTP status a client sees when this error ends its request. */
  readonly status: number
  /** Whether the same request may succeed at another Endpoint. */
  readonly retryable: boolean
}

/**
 * Every error of the program, one row each. The key is the code that logs, metrics, Proxy-Status and error bodies show.
 * AskedEndpoint codes are the error types of RFC 9209 section 2.3, with `_` for a token separator.
 */
export const ERRORS = {
  https_required: { fault: 'client', status: 308, retryable: false },
  bad_target: { fault: 'client', status: 400, retryable: false },
  bad_host: { fault: 'client', status: 400, retryable: false },
  bad_request: { fault: 'client', status: 400, retryable: false },
  unauthorized: { fault: 'client', status: 401, retryable: false },
  forbidden: { fault: 'client', status: 403, retryable: false },
  cdn_not_here: { fault: 'client', status: 400, retryable: false },
  /** A purge of a host that is not the site's. */
  host_elsewhere: { fault: 'client', status: 400, retryable: false },
  site_not_here: { fault: 'client', status: 404, retryable: false },
  unknown_host: { fault: 'client', status: 404, retryable: false },
  no_route: { fault: 'client', status: 404, retryable: false },
  method_not_allowed: { fault: 'client', status: 405, retryable: false },
  content_denied: { fault: 'client', status: 410, retryable: false },
  request_timeout: { fault: 'client', status: 408, retryable: false },
  body_too_large: { fault: 'client', status: 413, retryable: false },
  target_too_long: { fault: 'client', status: 414, retryable: false },
  expectation_failed: { fault: 'client', status: 417, retryable: false },
  rate_limited: { fault: 'client', status: 429, retryable: false },
  headers_too_large: { fault: 'client', status: 431, retryable: false },
  /** only-if-cached: RFC 9111 section 5.2.1.7. */
  not_cached: { fault: 'client', status: 504, retryable: false },
  client_gone: { fault: 'client', status: 499, retryable: false },

  internal_error: { fault: 'internal', status: 500, retryable: false },
  shutting_down: { fault: 'internal', status: 503, retryable: false },
  overloaded: { fault: 'internal', status: 503, retryable: false },
  too_many_tunnels: { fault: 'internal', status: 503, retryable: false },
  version_unsupported: { fault: 'client', status: 505, retryable: false },
  loop_detected: { fault: 'config', status: 508, retryable: false },

  dns_error: { fault: 'upstream', status: 502, retryable: true },
  connection_refused: { fault: 'upstream', status: 502, retryable: true },
  connection_timeout: { fault: 'upstream', status: 504, retryable: true },
  connection_terminated: { fault: 'upstream', status: 502, retryable: true },
  /** A name that leads to a private address only, where the configuration does not allow one. */
  destination_ip_prohibited: { fault: 'upstream', status: 502, retryable: true },
  destination_unavailable: { fault: 'upstream', status: 503, retryable: true },
  tls_certificate_error: { fault: 'upstream', status: 502, retryable: true },
  tls_protocol_error: { fault: 'upstream', status: 502, retryable: true },
  http_response_incomplete: { fault: 'upstream', status: 502, retryable: true },
  http_response_timeout: { fault: 'upstream', status: 504, retryable: true },
  http_protocol_error: { fault: 'upstream', status: 502, retryable: true },
  /** The rest of a body was asked for and did not prove to belong to what the client has. */
  resume_mismatch: { fault: 'upstream', status: 502, retryable: true },
  /** A bot challenge, which is no answer for a gateway's clients. */
  challenged: { fault: 'upstream', status: 502, retryable: true },
  http_response_status: { fault: 'upstream', status: 502, retryable: true },
  /** Bytes of an endpoint that is not trusted contradict their proof. */
  content_corrupt: { fault: 'upstream', status: 502, retryable: true },
  /** Bytes of a trusted endpoint match no manifest: the site may have been deployed without one. */
  content_mismatch: { fault: 'upstream', status: 502, retryable: true },
  /** They match the manifest before: the endpoint has not heard of the last deploy. */
  content_outdated: { fault: 'upstream', status: 502, retryable: true },
  /** The network has it, as far as the endpoint knows, in no form that could be proved. */
  content_unproved: { fault: 'upstream', status: 502, retryable: true },
  /** The operator of the endpoint does not serve it. */
  content_blocked: { fault: 'upstream', status: 502, retryable: true },
  /** The endpoint does not find it, which proves nothing. */
  content_not_found: { fault: 'upstream', status: 502, retryable: true },
  /** A block, a depth or a name is beyond our bounds. */
  content_too_large: { fault: 'upstream', status: 502, retryable: true },
  /** A status that says nothing of the object: 429, 502. */
  content_unavailable: { fault: 'upstream', status: 502, retryable: true },
  /** The network proves that it has no such thing. */
  content_absent: { fault: 'upstream', status: 404, retryable: true },

  config_invalid: { fault: 'config', status: 422, retryable: false },
  geo_unreadable: { fault: 'config', status: 422, retryable: false },
  /** An access log that is replayed. */
  log_unreadable: { fault: 'config', status: 422, retryable: false },
  /** A signed site manifest, or what it is made from. */
  manifest_invalid: { fault: 'config', status: 422, retryable: false },
  address_in_use: { fault: 'internal', status: 500, retryable: false },
  address_unavailable: { fault: 'internal', status: 500, retryable: false },
  /** The directory that certificates are ordered from. No client ever sees it. */
  acme_refused: { fault: 'internal', status: 500, retryable: false },
  worker_failed: { fault: 'internal', status: 500, retryable: false },
  /** The directory of certificates refused, or could not see that a name leads here. */
  admin_unreachable: { fault: 'internal', status: 500, retryable: false },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** An error with a code of {@link ERRORS}. `message` is safe to show: it never contains secrets or client data. */
export class PolycdnError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PolycdnError'
    this.code = code
  }

  get fault(): Fault {
    return ERRORS[this.code].fault
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** Turns whatever was thrown into a PolycdnError, once, at a boundary. */
export function toPolycdnError(thrown: unknown): PolycdnError {
  if (thrown instanceof PolycdnError) return thrown
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
  return new PolycdnError('internal_error', 'internal error', { cause })
}
