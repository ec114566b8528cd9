import type { Server } from 'node:http'
import { PolycdnError } from '../errors.ts'

/** Where a server of the demo listens. */
export interface DemoAddress {
  readonly host: string
  readonly port: number
}

export function listenAt(server: Server, { host, port }: DemoAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be opened: ${error.code}`
      reject(new PolycdnError('address_in_use', `${host}:${port}, where the demo wants a server, ${reason}`))
    })
    server.listen(port, host, resolve)
  })
}

export function stop(server: Server): void {
  server.close()
  server.closeAllConnections()
}
