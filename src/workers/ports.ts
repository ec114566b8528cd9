import { createServer } from 'node:net'
import type { ListenAddress } from '../config/snapshot.ts'
import { type Listenable, listenError } from '../http/listen-error.ts'

/**
 * The addresses that all workers share. The ports that the system chooses for `port: 0` are chosen here, once; and that
 * nobody else has an address is found out here: workers share it with whoever else would share it.
 */
export class Ports {
  readonly #chosen = new Map<string, number>()
  #owned: ReadonlySet<string> = new Set()

  /** Where workers are to listen. Throws address_in_use or address_unavailable. */
  async resolve(addresses: readonly ListenAddress[]): Promise<ListenAddress[]> {
    const resolved: ListenAddress[] = []
    for (const { host, port } of addresses) {
      const address = { host, port: port === 0 ? (this.#chosen.get(host) ?? 0) : port }
      if (!this.#owned.has(keyOf(address))) address.port = await tryToBind(address)
      if (port === 0) this.#chosen.set(host, address.port)
      resolved.push(address)
    }
    return resolved
  }

  /** Workers listen there now, and nowhere else. */
  own(addresses: readonly ListenAddress[]): void {
    this.#owned = new Set(addresses.map(keyOf))
  }
}

function keyOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`
}

/** Resolves to the port. Nobody is accepted here: the address is taken and given back. */
function tryToBind(address: Listenable): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address)))
    server.listen({ ...address, exclusive: true }, () => {
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0
      server.close(() => resolve(port))
    })
  })
}
