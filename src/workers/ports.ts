import type { ListenAddress } from '../config/snapshot.ts'
import { probeAddress } from '../http/probe-address.ts'

/**
 * The addresses that processes share. The ports that the system chooses for `port: 0` are chosen here, once; and that
 * nobody else has an address is found out here: workers share it with whoever else would share it.
 */
export class Ports {
  readonly #chosen = new Map<string, number>()
  #owned: ReadonlySet<string> = new Set()
  #beside: boolean

  /** `beside`: at first another gateway may have the addresses as well, which ends when this one has begun. */
  constructor(beside: boolean) {
    this.#beside = beside
  }

  /** Where workers are to listen. Throws address_in_use or address_unavailable. */
  async resolve(addresses: readonly ListenAddress[]): Promise<ListenAddress[]> {
    const resolved: ListenAddress[] = []
    for (const [at, { host, port }] of addresses.entries()) {
      // Where a host has several, the order tells which is which.
      const nth = addresses.slice(0, at).filter((before) => before.port === 0 && before.host === host).length
      const key = `${host} ${nth}`
      const address = { host, port: port === 0 ? (this.#chosen.get(key) ?? 0) : port }
      const known = this.#owned.has(keyOf(address)) || (this.#beside && port !== 0)
      if (!known) address.port = await probeAddress(address)
      if (port === 0) this.#chosen.set(key, address.port)
      resolved.push(address)
    }
    return resolved
  }

  /** Workers listen there now, and nowhere else. */
  own(addresses: readonly ListenAddress[]): void {
    this.#owned = new Set(addresses.map(keyOf))
    this.#beside = false
  }
}

function keyOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`
}
