import { isIPv6 } from 'node:net'
import { PolycdnError } from '../errors.ts'

/** A Host header or an authority, taken apart. */
export interface Host {
  /** Lower-case, without a port and without a trailing dot. IPv6 in brackets. */
  readonly name: string
  /** As sent, for upstreams that are to see the client's own Host. */
  readonly authority: string
}

/** A registered name or IPv4 literal without percent-encoding, which no DNS name needs; or an IPv6 literal. */
const AUTHORITY = /^(?:([a-z0-9_](?:[a-z0-9_.-]{0,252}))|(\[[0-9a-f:.]{2,45}\]))(?::(\d{0,5}))?$/i

/** Parses `uri-host [ ":" port ]` (RFC 9112 section 3.2, RFC 9110 section 7.2). */
export function parseHost(text: string): Host | PolycdnError {
  const match = AUTHORITY.exec(text)
  if (match === null) return new PolycdnError('bad_host', 'the Host is malformed')
  const [, registered, literal, port] = match
  if (port !== undefined && Number(port) > 65_535)
    return new PolycdnError('bad_host', 'the port of the Host is too large')
  const name = (registered ?? literal!).toLowerCase()
  if (literal !== undefined && !isIPv6(literal.slice(1, -1))) {
    return new PolycdnError('bad_host', 'the Host is no IPv6 address')
  }
  if (name.includes('..')) return new PolycdnError('bad_host', 'the Host has an empty label')
  return { name: name.endsWith('.') ? name.slice(0, -1) : name, authority: text }
}
