import { type Refusal, refuse } from './refusal.ts'

/** RFC 9110 section 5.6.2: what a field name is made of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
/** RFC 9110 section 5.5: visible characters, obs-text, and inner spaces and tabs. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/

/** Framing and hop-by-hop fields (RFC 9110 section 7.6.1): changing them would change where a message ends. */
const MANAGED = new Set(
  'connection content-length host keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(' '),
)

/** Any field name in lower case; undefined for what cannot be one. */
export function parseFieldName(input: unknown): string | undefined {
  return typeof input === 'string' && TOKEN.test(input) ? input.toLowerCase() : undefined
}

/** The same for a field that may be changed. */
export function parseHeaderName(input: unknown): string | Refusal | undefined {
  const name = parseFieldName(input)
  if (name === undefined) return undefined
  if (name === 'host') return refuse('the Host header is set by host_header')
  return MANAGED.has(name) ? refuse('this header belongs to the connection and cannot be changed') : name
}

export function parseHeaderValue(input: unknown): string | undefined {
  return typeof input === 'string' && input.length <= 8192 && VALUE.test(input) ? input : undefined
}
