import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { connect as connectSecurely, type TLSSocket } from 'node:tls'
import t from 'tap'
import { resetSocket } from '../../src/delivery/reset-socket.ts'
import { until } from '../helpers/wait.ts'
import { rawTls } from './support/tls.ts'

t.test('resetting no socket, a dead one, and one with TLS, which knows no reset', (t) => {
  resetSocket(null)
  const dead = new Socket()
  dead.destroy()
  resetSocket(dead)
  const secure = Object.assign(new Socket(), { encrypted: true, resetAndDestroy: () => t.fail('it would throw') })
  resetSocket(secure as unknown as Socket)
  t.ok(secure.destroyed)
  t.end()
})

t.test('one that is just being shut down is closed', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const errors: unknown[] = []
  socket.on('error', (error) => errors.push(error))
  const closed = once(socket, 'close')
  socket.end()
  resetSocket(socket)
  await closed
  t.strictSame(errors, [])
  server.close()
  await once(server, 'close')
})

t.test('so is one with TLS, and nothing is left of it', async (t) => {
  const open = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  const url = await rawTls(t, (socket: TLSSocket) => {
    socket.end()
    resetSocket(socket)
  })
  const client = connectSecurely({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false })
  client.on('error', () => {}).resume()
  await once(client, 'close')
  await until(() => open() === 0, { what: 'both ends to be closed', timeout: 2_000 })
})
