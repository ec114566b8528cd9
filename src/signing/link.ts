import type { Address } from '../geo/address.ts'
import type { Link, Signer } from './signer.ts'

/** A request target at a network, who asks for it, and when. */
export interface Wish {
  readonly origin: string
  /** Path and query, as planned for the endpoint. */
  readonly target: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly client: Address | null
}

/** What browsers encode before they ask: a signature over the raw characters would not fit what the network sees. */
const ENCODED_BY_BROWSERS = /["<>^`{|}]/g
const ENCODED_IN_QUERIES = /["'<>\\^`{|}]/g

/**
 * The link for a wish: a client's own signature parameters are gone, and everything has the bytes that a browser will
 * send. `?` with nothing behind it and empty parameters are dropped, since networks disagree about them.
 */
export function linkOf({ slot, ttl, reserved }: Signer, { origin, target, now, client }: Wish): Link {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const pieces = mark === -1 ? [] : target.slice(mark + 1).split('&')
  const kept = pieces.filter((piece) => piece !== '' && !reserved.has(nameOf(piece)))
  const from = Math.floor(now / slot) * slot
  return {
    origin,
    path: path.replace(ENCODED_BY_BROWSERS, percentEncode),
    query: kept.join('&').replace(ENCODED_IN_QUERIES, percentEncode),
    from: from / 1000,
    // Of the slot's end, not its beginning: the last link of a slot lives as long as promised.
    expires: Math.ceil((from + slot + ttl) / 1000),
    client,
  }
}

/** The name as a network may read it: `%54oken` is `Token`. */
function nameOf(piece: string): string {
  const name = piece.split('=', 1)[0]!.replaceAll('+', ' ')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** `*` → `%2A`. For ASCII. */
export function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** `/a/b.html` → `/a/`. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** Path and query with parameters behind the query's own. */
export function withParameters(path: string, query: string, parameters: string): string {
  return `${path}?${query}${query === '' ? '' : '&'}${parameters}`
}
