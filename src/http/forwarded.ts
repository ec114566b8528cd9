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

/**
 * The client's address: the rightmost hop that is not a trusted proxy. Header fields count only when the peer itself
 * is trusted. Where Forwarded (RFC 7239) and X-Forwarded-For are both there and disagree, one of them came from the
 * client and nobody can tell which, so the peer is all that is known.
 */
export function clientAddress(hops: Hops, trusted: NetworkSet<true>): Address {
  const { peer, forwarded, xForwardedFor } = hops
  if (forwarded === null && xForwardedFor === null) return peer
  if (trusted.match(peer) === null) return peer
  const byX = xForwardedFor === null ? null : walk(peer, xForwardedFor.split(','), trusted)
  const byForwarded = forwarded === null ? null : walk(peer, forwardedFor(forwarded), trusted)
  if (byX === null) return byForwarded ?? peer
  if (byForwarded === null || byForwarded.text === byX.text) return byX
  return peer
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

/** `192.0.2.1:80` and `[2001:db8::1]:80` are common in both fields. */
function withoutPort(text: string): string {
  if (text.startsWith('[')) return text.slice(1, text.indexOf(']'))
  const colon = text.indexOf(':')
  return colon !== -1 && colon === text.lastIndexOf(':') ? text.slice(0, colon) : text
}

/** The `for` parameter of each element, an empty string where an element has none (RFC 7239 section 4). */
function forwardedFor(field: string): string[] {
  return splitOutsideQuotes(field, ',').map((element) => {
    for (const pair of splitOutsideQuotes(element, ';')) {
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

function splitOutsideQuotes(text: string, separator: string): string[] {
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
  parts.push(text.slice(start))
  return parts
}

/** A Forwarded element's node: IPv6 in brackets and quotes (RFC 7239 section 6). */
export function forwardedNode(address: Address): string {
  return address.family === 6 ? `"[${address.text}]"` : address.text
}
