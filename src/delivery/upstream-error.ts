import { type ErrorCode, PolycdnError } from '../errors.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOTFOUND: 'dns_error',
  EAI_AGAIN: 'dns_error',
  EAI_FAIL: 'dns_error',
  ECONNREFUSED: 'connection_refused',
  ETIMEDOUT: 'connection_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connection_timeout',
  ECONNRESET: 'connection_terminated',
  ECONNABORTED: 'connection_terminated',
  EPIPE: 'connection_terminated',
  UND_ERR_SOCKET: 'connection_terminated',
  UND_ERR_CLOSED: 'connection_terminated',
  UND_ERR_DESTROYED: 'connection_terminated',
  EPROTO: 'tls_protocol_error',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'http_response_incomplete',
  HPE_INVALID_EOF_STATE: 'http_response_incomplete',
  UND_ERR_HEADERS_OVERFLOW: 'http_protocol_error',
  // undici refuses to send what we made: no endpoint is to blame.
  UND_ERR_INVALID_ARG: 'internal_error',
  UND_ERR_NOT_SUPPORTED: 'internal_error',
}

/** X509_V_ERR names as node:tls reports them, and the name mismatch. */
const CERTIFICATE_ERROR = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CRL|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH/

/** llhttp's reason for an end between chunks. */
const PREMATURE_END = /invalid EOF/i

/** The error type of RFC 9209 section 2.3 for what a socket, TLS or the HTTP parser threw. */
export function upstreamErrorCode(error: unknown): ErrorCode {
  if (error instanceof PolycdnError) return error.code
  const code = codeOf(error)
  const known = CODES[code]
  if (known !== undefined) return known
  if (CERTIFICATE_ERROR.test(code)) return 'tls_certificate_error'
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) return 'tls_protocol_error'
  if (code.startsWith('HPE_')) return 'http_protocol_error'
  if (isParseError(error)) return PREMATURE_END.test(error.message) ? 'http_response_incomplete' : 'http_protocol_error'
  return 'destination_unavailable'
}

/** undici 7 looks the code up in a table that has it the other way round, so most of its parser's errors have none. */
function isParseError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'HTTPParserError'
}

/** The code of an error, of the first one of several (one per address dialled), or an empty string. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof AggregateError ? codeOf(error.errors[0]) : ''
}
