import { type Address, parseAddress } from '../geo/address.ts'
import type { NetworkSet } from '../geo/network-set.ts'

/** What the connection and the header fields say about who asks. */
export interface Hops {
  /** The address of the socket's other side. */
  readonly peer: Address
  readonly forwarded: string | null
  readonly xForwardedFor: string | null
}

/** Proxies in front of us are few; a longer list is an attack on our time. */
const MAX_HOPS = 64

/** RFC 1122 section 3.2.1.3: no host has this address, so no network that is trusted with anything contains it. */
export const NOBODY = parseAddress('0.0.0.0')!

/**
 * The client's address: the rightmost hop that is not a trusted proxy. Header fields count only when the peer itself
 * is trusted. Where Forwarded (RFC 7239) and X-Forwarded-For are both there and disagree, one of them came from the
 * client and nobody can tell which. Then the client is NOBODY and not the peer: a client must not be able to pass for
 * the proxy in front of it, which may be allowed more (`debug.clients`, a Route's networks).
 */
export function clientAddress(hops: Hops, trusted: NetworkSet<true>): Address {
  const { peer, forwarded, xForwardedFor } = hops
  if (forwarded === null && xForwardedFor === null) return peer
  if (trusted.match(peer) === null) return peer
  const byX = xForwardedFor === null ? null : walk(peer, xForwardedFor.split(','), trusted)
  if (forwarded === null) return byX ?? peer
  const nodes = forwardedFor(forwarded)
  const byForwarded = nodes === null ? NOBODY : walk(peer, nodes, trusted)
  return byX === null || byX.text === byForwarded.text ? byForwarded : NOBODY
}

/** Goes from right to left as long as the hop is trusted; what is not an address ends the walk. */
function walk(peer: Address, list: readonly string[], trusted: NetworkSet<true>): Address {
  let current = peer
  const end = Math.max(0, list.length - MAX_HOPS)
  for (let i = list.length - 1; i >= end; i--) {
    if (trusted.match(current) === null) break
    const hop = parseAddress(withoutPort(list[i]!.trim()))
    if (hop === null) break
    current = hop
  }
  return current
}

/** An address before a port, which may be obfuscated (RFC 7239 section 6). */
const NODE = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(?:\d{1,5}|_[A-Za-z0-9._-]+))?$/

/** `192.0.2.1:80` and `[2001:db8::1]:80` are common in both fields. */
function withoutPort(text: string): string {
  const node = NODE.exec(text)
  return node === null ? text : (node[1] ?? node[2]!)
}

/**
 * The `for` parameter of each element, an empty string where an element has none (RFC 7239 section 4). null: a quote
 * is left open, so what follows it may be a proxy's word or the client's.
 */
function forwardedFor(field: string): string[] | null {
  const elements = splitOutsideQuotes(field, ',')
  if (elements === null) return null
  return elements.map((element) => {
    for (const pair of splitOutsideQuotes(element, ';') ?? []) {
      const equals = pair.indexOf('=')
      if (equals === -1 || pair.slice(0, equals).trim().toLowerCase() !== 'for') continue
      return pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1')
    }
    return ''
  })
}

/** null: a quote is left open. */
function splitOutsideQuotes(text: string, separator: string): string[] | null {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (quoted && character === '\\') i++
    else if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  if (quoted) return null
  parts.push(text.slice(start))
  return parts
}

/** A Forwarded element's node: IPv6 in brackets and quotes (RFC 7239 section 6). */
export function forwardedNode(address: Address): string {
  return address.family === 6 ? `"[${address.text}]"` : address.text
}
