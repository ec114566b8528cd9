import type { Socket } from 'node:net'
import { PolycdnError } from '../errors.ts'
import { type Address, parseAddress } from '../geo/address.ts'
import { NOBODY } from './forwarded.ts'
import { type Host, parseHost } from './host.ts'

/** What is known of a client's connection before its first request. */
export interface Connection {
  /** The other side of the socket; with the PROXY protocol, whom the proxy speaks for. */
  readonly peer: Address
  /** Requests in the clear are to be sent to https, where they name a port to this one. */
  readonly httpsRedirect: number | null
}

/** Kept on the socket itself: each request finds it without a look-up. */
const CONNECTION = Symbol('connection')

const HOST = Symbol('host')

type Described = Socket & { [CONNECTION]?: Connection; [HOST]?: Host }

export function describe(socket: Socket, connection: Connection): void {
  ;(socket as Described)[CONNECTION] = connection
}

/** Of a socket that no listener has described: its own address. */
export function connectionOf(socket: Socket): Connection {
  return (socket as Described)[CONNECTION] ?? { peer: peerOf(socket), httpsRedirect: null }
}

/** A socket that closed before we asked has no address any more. */
export function peerOf(socket: Socket): Address {
  return parseAddress(socket.remoteAddress ?? '') ?? NOBODY
}

/** As parseHost; what the last request of a connection said is not parsed again. */
export function hostOn(socket: Socket, text: string): Host | PolycdnError {
  const known = (socket as Described)[HOST]
  if (known?.authority === text) return known
  const host = parseHost(text)
  if (!(host instanceof PolycdnError)) (socket as Described)[HOST] = host
  return host
}
