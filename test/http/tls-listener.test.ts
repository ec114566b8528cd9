import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { CA, certificate } from '../helpers/certificates.ts'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until, within } from '../helpers/wait.ts'
import { doorTo } from './support/door.ts'
import { askHttp2, http2Client } from './support/http2-client.ts'
import { listener } from './support/services.ts'

const pem = (name: Parameters<typeof certificate>[0]) => {
  const { cert, key } = certificate(name)
  return { cert, key }
}
const LOCALHOST = pem('localhost')
const OTHER = pem('wrong-name')
const tlsListener = (...certificates: { cert: string; key: string }[]) =>
  listener({ tls: { certificates, acme: false } })
const SECURE = { over: { listen: [tlsListener(LOCALHOST, OTHER)] } }
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

async function secure(scope: Scope, port: number, over: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: CA, ...over })
  scope.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

async function refused(scope: Scope, port: number, over: ConnectionOptions): Promise<string> {
  try {
    await secure(scope, port, over)
    return 'accepted'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'ended'
  }
}

t.test('the certificate is that of the name that is asked for, else the first', async (t) => {
  const door = await doorTo(t, answer(), SECURE)
  const subject = async (servername: string) => {
    const socket = await secure(t, door.port, { servername, rejectUnauthorized: false })
    return socket.getPeerCertificate().subject.CN
  }
  t.equal(await subject('localhost'), 'localhost')
  t.equal(await subject('wrong.test'), 'wrong-name')
  t.equal(await subject('WRONG.test'), 'wrong-name')
  t.equal(await subject('x.cdn.test'), 'localhost', 'a wildcard')
  t.equal(await subject('unknown.test'), 'localhost')
  t.equal(await subject(''), 'localhost')
})

t.test('HTTP/1.1 over TLS, which upstreams are told', async (t) => {
  const door = await doorTo(t, answer(), SECURE)
  const socket = await secure(t, door.port, { ALPNProtocols: ['http/1.1'] })
  socket.write(REQUEST)
  const [chunk] = await once(socket, 'data')
  t.match(String(chunk), /^HTTP\/1\.1 200 /)
  t.equal(socket.alpnProtocol, 'http/1.1')
})

t.test('HTTP/2 by ALPN', async (t) => {
  const body = countedBody(1_000_000)
  const door = await doorTo(t, answer(200, body), SECURE)
  const session = await http2Client(t, `https://127.0.0.1:${door.port}`)
  const got = await askHttp2(session, { ':path': '/', ':authority': 'a' })
  t.ok(got.body.equals(Buffer.from(body)))
})

t.test('TLS 1.2 and 1.3 with good ciphers, and nothing older', async (t) => {
  const door = await doorTo(t, answer(), SECURE)
  const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
  t.not(await refused(t, door.port, versions), 'accepted')
  const old = { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const
  for (const ciphers of ['AES128-SHA', 'ECDHE-ECDSA-AES128-SHA', 'AES128-GCM-SHA256', 'aNULL']) {
    t.not(await refused(t, door.port, { ...old, ciphers }), 'accepted', ciphers)
  }
  t.equal((await secure(t, door.port, old)).getProtocol(), 'TLSv1.2')
  t.equal((await secure(t, door.port)).getProtocol(), 'TLSv1.3')
  t.not(await refused(t, door.port, { ALPNProtocols: ['spdy/3'] }), 'accepted')
})

t.test('sessions are resumed, also by another process with the same ticket keys', async (t) => {
  const [one, two] = [await doorTo(t, answer(), SECURE), await doorTo(t, answer(), SECURE)]
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const over = { servername: 'wrong.test', rejectUnauthorized: false, maxVersion: version, minVersion: version }
    const first = connect({ port: one.port, host: '127.0.0.1', ...over })
    t.teardown(() => first.destroy())
    const [session] = await once(first, 'session')
    const again = { ...over, session }
    t.ok((await secure(t, two.port, again)).isSessionReused(), version)
  }
})

t.test('a reload swaps the certificate, and a body that runs goes on', async (t) => {
  const gate = Promise.withResolvers<void>()
  const door = await doorTo(t, [head(200, { 'content-length': '9' }), 'first', gate.promise, 'last'], SECURE)
  const running = await secure(t, door.port)
  let text = ''
  running.on('data', (chunk) => {
    text += chunk
  })
  running.write(REQUEST)
  await until(() => text.endsWith('first'))
  const { limits, listen } = door.services.current().snapshot
  const renewed = [{ ...listen[0]!, tls: { certificates: [OTHER], acme: false } }]
  await door.listeners.retain(renewed, limits)
  const socket = await secure(t, door.port, { rejectUnauthorized: false })
  t.equal(socket.getPeerCertificate().subject.CN, 'wrong-name')
  gate.resolve()
  await until(() => text.endsWith('firstlast'))
})

t.test('a reload takes TLS off an address and back on; open connections go on as they began', async (t) => {
  const door = await doorTo(t, answer(200, 'hello'), SECURE)
  const { limits, listen } = door.services.current().snapshot
  const first = await secure(t, door.port)
  const session = await http2Client(t, `https://127.0.0.1:${door.port}`)
  const ask = async (socket: Socket) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.write(REQUEST)
    await until(() => text.endsWith('hello'))
    socket.removeAllListeners('data')
  }
  await door.listeners.retain([{ ...listen[0]!, tls: null, h2c: true }], limits)
  const plain = connectPlain(door.port, '127.0.0.1')
  t.teardown(() => plain.destroy())
  for (const socket of [plain, first]) await ask(socket)
  await door.listeners.retain(listen, limits)
  for (const socket of [plain, first, await secure(t, door.port)]) await ask(socket)
  t.equal((await askHttp2(session, { ':path': '/', ':authority': 'a' })).status, 200)
})

t.test('a cut answer is reset below TLS, and a handshake that does not come ends', async (t) => {
  const door = await doorTo(t, [head(200), 'half', 'reset!'], { ...SECURE, limits: { headerTimeout: 200 } })
  const socket = await secure(t, door.port)
  const failed = once(socket, 'error')
  socket.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  const [failure] = await within(
    failed.catch((error) => [error]),
    'the end',
  )
  t.equal(failure.code, 'ECONNRESET')
  const silent = connectPlain(door.port, '127.0.0.1')
  t.teardown(() => silent.destroy())
  await within(
    once(
      silent.resume().on('error', () => {}),
      'close',
    ),
    'the end of a silent connection',
  )
  await until(() => door.listeners.connections === 0)
})

t.test('plain HTTP at a TLS port, and garbage, are no request and no crash', async (t) => {
  const door = await doorTo(t, answer(), SECURE)
  for (const bytes of [REQUEST, '\x16\x03\x01\x02\x00\x01\x00', '\0'.repeat(500)]) {
    const client = await rawClient(t, door)
    client.send(bytes).halfClose()
    await client.ended()
  }
  t.equal(door.upstream.requests.length, 0)
  await secure(t, door.port)
})

t.test(
  'who leaves in the middle of a handshake is gone at once; who half-closes behind a request gets its answer',
  async (t) => {
    const gate = Promise.withResolvers<void>()
    const door = await doorTo(t, [gate.promise, ...answer()], { ...SECURE, limits: { headerTimeout: 60_000 } })
    for (let i = 0; i < 3; i++) (await secure(t, door.port)).destroy()
    await until(() => door.listeners.connections === 0)
    const waiting = await secure(t, door.port, { allowHalfOpen: true } as ConnectionOptions)
    let text = ''
    waiting.on('data', (chunk) => {
      text += chunk
    })
    waiting.end(REQUEST)
    await door.upstream.received(1)
    gate.resolve()
    await until(() => text.startsWith('HTTP/1.1 200'))
  },
)
