import type { Socket } from 'node:net'
import type { Snapshot } from '../config/snapshot.ts'
import { type Address, truncateAddress } from '../geo/address.ts'

export type ConnectionLimit = 'connections' | 'connections_per_address'

/** Counts the connections of all listeners, and closes those that are too many. */
export class Census {
  readonly #snapshot: () => Snapshot
  readonly #onRefused: (limit: ConnectionLimit) => void
  readonly #perAddress = new Map<string, number>()
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
    // Who has one IPv6 address usually has the 2^64 around it.
    const holder = truncateAddress(address, 32, 64)
    const count = (this.#perAddress.get(holder) ?? 0) + 1
    this.#perAddress.set(holder, count)
    socket.once('close', () => this.#forget(holder))
    const fine = count <= limits.connectionsPerAddress || trustedProxies.match(address) !== null
    return fine || this.#refuse(socket, 'connections_per_address')
  }

  #forget(holder: string): void {
    const left = this.#perAddress.get(holder)! - 1
    if (left === 0) this.#perAddress.delete(holder)
    else this.#perAddress.set(holder, left)
  }

  #refuse(socket: Socket, limit: ConnectionLimit): false {
    socket.destroy()
    this.#onRefused(limit)
    return false
  }
}
