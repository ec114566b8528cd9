import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { CA } from '../../helpers/certificates.ts'
import { countedBody, head } from '../../helpers/misbehaviour.ts'
import { until } from '../../helpers/wait.ts'
import { Bench, dialling } from '../support/parts.ts'
import { rawTls } from '../support/tls.ts'

const TLS = { serverName: 'edge.test', verify: true, ca: CA, clientCertificate: null }

t.test('the next connection goes on with the session of the last one', async (t) => {
  const resumed: boolean[] = []
  const url = await rawTls(t, (socket: TLSSocket) => {
    resumed.push(socket.isSessionReused())
    socket.once('data', () => socket.end(`${head(200, { connection: 'close', 'content-length': '2' })}ok`))
  })
  const bench = new Bench(t)
  for (let i = 0; i < 3; i++) {
    t.equal(await bench.try(dialling('a', url, { tls: TLS })).recorder.finished(), 'end')
  }
  t.same(resumed, [false, true, true])
})

t.test('a long body over TLS, read slowly and quickly', async (t) => {
  const body = countedBody(5_000_000)
  const url = await rawTls(t, (socket: TLSSocket) => {
    socket.on('data', () => socket.write(head(200, { 'content-length': String(body.length) }) + body))
  })
  const bench = new Bench(t)
  for (const every of [1, 2, 1000]) {
    const { attempt, recorder } = bench.try(dialling('a', url, { tls: TLS }))
    recorder.accept = () => recorder.chunks.length % every !== 0
    await until(() => {
      attempt.resume()
      return recorder.outcome
    })
    t.equal(recorder.outcome, 'end')
    t.ok(recorder.body === body)
  }
})

const HANDSHAKES: Readonly<Record<string, readonly [(socket: Socket) => void, outcome: string]>> = {
  'an end at once': [(socket) => socket.end(), 'connection_terminated'],
  'an end after the first words': [(socket) => socket.once('data', () => socket.end()), 'connection_terminated'],
  'an end within a record': [(socket) => socket.end('\x16\x03\x03\x01\x00\x02'), 'connection_terminated'],
  'a reset': [(socket) => socket.once('data', () => socket.resetAndDestroy()), 'connection_terminated'],
  'no TLS, and an end': [(socket) => socket.end('HTTP/1.1 400 No\r\n\r\n'), 'tls_protocol_error'],
}

for (const [name, [act, outcome]] of Object.entries(HANDSHAKES)) {
  t.test(`a handshake that meets ${name} fails its attempt, and nothing else`, async (t) => {
    const server = createServer((socket) => act(socket.on('error', () => {}).resume()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const { recorder } = new Bench(t).try(dialling('a', `https://127.0.0.1:${port}`))
    t.equal(await recorder.finished(), outcome)
    t.same([recorder.sent, recorder.late], [false, 0])
  })
}
