import type { Socket } from 'node:net'
import type { Snapshot } from '../config/snapshot.ts'
import { type Address, truncateAddress } from '../geo/address.ts'

export type ConnectionLimit = 'connections' | 'connections_per_address' | 'streams_per_address'

/** RFC 9113 section 6.5.2 asks for no fewer on one HTTP/2 connection; each is a request in an upstream's eyes. */
export const MAX_STREAMS = 100

/** Counts the connections of all listeners and the streams on them, and ends those that are too many. */
export class Census {
  readonly #snapshot: () => Snapshot
  readonly #onRefused: (limit: ConnectionLimit) => void
  readonly #perAddress = new Map<string, number>()
  readonly #streams = new Map<string, number>()
  #connections = 0

  constructor(snapshot: () => Snapshot, onRefused: (limit: ConnectionLimit) => void) {
    this.#snapshot = snapshot
    this.#onRefused = onRefused
  }

  get connections(): number {
    return this.#connections
  }

  /** A connection has come. False: it was one too many and is closed. */
  enter(socket: Socket): boolean {
    this.#connections++
    socket.once('close', () => this.#connections--)
    return this.#connections <= this.#snapshot().limits.connections || this.#refuse(socket, 'connections')
  }

  /** It is known whose it is. Proxies that we trust speak for many clients. False: it is closed. */
  identify(socket: Socket, address: Address): boolean {
    const { limits, trustedProxies } = this.#snapshot()
    const holder = holderOf(address)
    const count = increase(this.#perAddress, holder)
    socket.once('close', () => decrease(this.#perAddress, holder))
    const fine = count <= limits.connectionsPerAddress || trustedProxies.match(address) !== null
    return fine || this.#refuse(socket, 'connections_per_address')
  }

  /**
   * A stream of HTTP/2 has begun: over HTTP/1 it would be a connection, so as many of one address may run as connections,
   * and all that one connection is promised. null: it is one too many; else the function says, once, that it ended.
   */
  beginStream(address: Address): (() => void) | null {
    const { limits, trustedProxies } = this.#snapshot()
    const holder = holderOf(address)
    const count = increase(this.#streams, holder)
    if (count <= Math.max(MAX_STREAMS, limits.connectionsPerAddress) || trustedProxies.match(address) !== null) {
      return () => decrease(this.#streams, holder)
    }
    decrease(this.#streams, holder)
    this.#onRefused('streams_per_address')
    return null
  }

  #refuse(socket: Socket, limit: ConnectionLimit): false {
    socket.destroy()
    this.#onRefused(limit)
    return false
  }
}

/** Who has one IPv6 address usually has the 2^64 around it. */
function holderOf(address: Address): string {
  return truncateAddress(address, 32, 64)
}

function increase(counts: Map<string, number>, holder: string): number {
  const count = (counts.get(holder) ?? 0) + 1
  counts.set(holder, count)
  return count
}

function decrease(counts: Map<string, number>, holder: string): void {
  const left = counts.get(holder)! - 1
  if (left === 0) counts.delete(holder)
  else counts.set(holder, left)
}
