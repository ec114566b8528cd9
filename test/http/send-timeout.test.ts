import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { upgradeServer } from './support/echo-server.ts'
import { front } from './support/front.ts'
import { endpoint, site, testServices } from './support/services.ts'
import { upgrade } from './support/upgrades.ts'

const HUGE = Buffer.alloc(64 * 1024 * 1024)

/** An upstream that sends as much as it is let, whatever is asked; `answered` are the connections it does that on. */
async function hugeUpstream(scope: Scope) {
  const answered: Socket[] = []
  const plain = createServer((request, response) => {
    answered.push(request.socket)
    request.resume()
    response.end(HUGE)
  })
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  scope.teardown(() => plain.close().closeAllConnections())
  const tunnels = await upgradeServer(scope, (socket) => {
    answered.push(socket)
    socket.on('error', () => {})
    socket.write(HUGE)
  })
  return { answered, plain: `http://127.0.0.1:${(plain.address() as AddressInfo).port}`, tunnels: tunnels.url }
}

const REQUESTS: Readonly<Record<string, string>> = {
  'a delivery': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'a pass-through': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
  'a tunnel': upgrade(),
}

t.test('who takes nothing is reset, and its upstream is let go; who reads is not', async (t) => {
  const upstream = await hugeUpstream(t)
  for (const [what, request] of Object.entries(REQUESTS)) {
    const url = request.includes('Upgrade') ? upstream.tunnels : upstream.plain
    const sites = [site({ origin: [endpoint(url)] })]
    const services = testServices(t, { sites, limits: { sendTimeout: 300 } })
    const gateway = await front(t, services)
    const client = await rawClient(t, gateway)
    client.send(request)
    client.socket.pause()
    const at = upstream.answered.length
    const socket = await until(() => upstream.answered[at])
    const [line] = await services.ended(1)
    t.equal(line!.error, what === 'a tunnel' ? null : 'client_gone', what)
    await until(() => socket.destroyed, { what: `the end of the upstream's connection of ${what}` })
    client.socket.removeAllListeners('data').resume()
    t.equal(await client.ended(), 'reset', what)

    const reader = await rawClient(t, gateway)
    reader.socket.removeAllListeners('data')
    let bytes = 0
    reader.socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    reader.send(request)
    await until(() => bytes > HUGE.length)
    t.equal(reader.end, 'open', `${what} to one who reads`)
    reader.close()
  }
})
