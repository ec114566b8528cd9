import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onePerConnection } from '../../../src/http/pipeline.ts'
import { createAnswering } from '../../../src/http/server.ts'
import { Tunnels } from '../../../src/http/tunnel.ts'
import type { Scope } from '../../helpers/scope.ts'
import type { TestServices } from './services.ts'

/** The gateway's front door on a port of its own: the application, the tunnels, and a server as listeners have it. */
export interface Front {
  readonly port: number
  readonly url: string
  readonly server: Server
  readonly tunnels: Tunnels
}

export async function front(scope: Scope, services: TestServices): Promise<Front> {
  const app = await createAnswering(services)
  const tunnels = new Tunnels(services, app.answer)
  const server = createServer({ requireHostHeader: false, noDelay: true })
  Object.assign(server, { httpAllowHalfOpen: true, requestTimeout: 0 })
  const listener = onePerConnection(app.answer, () => {})
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, listener)
  server.on('upgrade', (request, socket, head) => tunnels.handleUpgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(async () => {
    await tunnels.drain(0)
    server.closeAllConnections()
    server.close()
    await app.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}`, server, tunnels }
}
