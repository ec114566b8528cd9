import { createServer } from 'node:net'
import { type Listenable, listenError } from './listen-error.ts'

/**
 * Finds out that nobody else has an address, which SO_REUSEPORT would let us share with them unawares. Nobody is accepted
 * here: the address is taken and given back. Resolves to the port. Throws address_in_use or address_unavailable.
 */
export function probeAddress(address: Listenable): Promise<number> {
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
