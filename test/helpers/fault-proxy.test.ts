import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { CA } from './certificates.ts'
import { download, sha256 } from './download.ts'
import { faultProxy } from './fault-proxy.ts'
import type { Fault } from './faults.ts'
import { countedBody } from './misbehaviour.ts'
import { startNginx } from './nginx.ts'
import { skipUnless } from './programs.ts'
import { rawClient } from './raw-client.ts'
import { until } from './wait.ts'

const BODY = countedBody(100_000)

t.test('without a fault it is a plain proxy, with and without chunks', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const edge = await startNginx(t, { name: 'edge', files: { '/a': BODY } })
  const proxy = await faultProxy(t, { edge: edge.url, chunked: ({ target }) => target === '/a?chunked' })
  const plain = await download({ port: proxy.port, path: '/a' })
  t.match(plain, { end: 'whole', status: 200, sha256: sha256(BODY), headers: { 'content-length': '100000' } })
  const chunked = await download({ port: proxy.port, path: '/a?chunked' })
  t.match(chunked, { end: 'whole', sha256: sha256(BODY), headers: { 'transfer-encoding': 'chunked' } })
  t.equal(chunked.headers.etag, plain.headers.etag)
  const range = await download({ port: proxy.port, path: '/a', headers: { range: 'bytes=10-19' } })
  t.match(range, { end: 'whole', status: 206, sha256: sha256(BODY.slice(10, 20)) })
  t.same(proxy.requests, ['GET /a', 'GET /a?chunked', 'GET /a'])
  await until(() => proxy.open === 0)
})

const ENDS: Partial<Record<Fault, readonly [end: string, bytes: number]>> = {
  refuse: ['none', 0],
  'reset-on-connect': ['none', 0],
  'half-open': ['hang', 0],
  'end-and-listen': ['none', 0],
  'reset-before-headers': ['none', 0],
  'end-before-headers': ['none', 0],
  'stall-before-headers': ['hang', 0],
  'drip-headers': ['hang', 0],
  garbage: ['none', 0],
  'interim-flood': ['hang', 0],
  'reset-in-body': ['cut', 40_000],
  'end-in-body': ['cut', 40_000],
  'stall-in-body': ['hang', 40_000],
  'cut-chunked': ['cut', 40_000],
  'no-last-chunk': ['cut', 100_000],
  'length-too-long': ['cut', 100_000],
  'drip-body': ['whole', 100_000],
  'extra-bytes': ['whole', 100_000],
}

t.test('each fault is what its name says, and nothing of it stays', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const edge = await startNginx(t, { name: 'edge', files: { '/a': BODY } })
  const proxy = await faultProxy(t, { edge: edge.url })
  for (const [fault, [end, bytes]] of Object.entries(ENDS)) {
    await proxy.set(fault as Fault)
    const limit = end === 'hang' ? 400 : 10_000
    const got = await download({ port: proxy.port, path: '/a', limit })
    t.same([got.end, got.bytes], [end, bytes], fault)
    await until(() => proxy.open === 0, { what: `the end of what ${fault} left open` })
  }
  await proxy.set('server-errors')
  const storm = [1, 2, 3, 4].map(() => download({ port: proxy.port, path: '/a' }))
  t.same((await Promise.all(storm)).map(({ status }) => status).sort(), [500, 502, 503, 504])
})

t.test('a forged answer follows the true one', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const edge = await startNginx(t, { name: 'edge' })
  const proxy = await faultProxy(t, { edge: edge.url, fault: 'extra-bytes' })
  const client = await rawClient(t, proxy)
  const answers = await client.send('GET /1k HTTP/1.1\r\nHost: a\r\n\r\n').responses(2)
  t.equal(answers[1]?.body.toString(), 'FORGED')
})

t.test('it tells who left before an answer', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const edge = await startNginx(t, { name: 'edge' })
  const proxy = await faultProxy(t, { edge: edge.url, fault: 'stall-before-headers' })
  const client = await rawClient(t, proxy)
  client.send('GET /1k HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => proxy.requests.length === 1)
  client.reset()
  await until(() => proxy.abandoned === 1 && proxy.open === 0)
  t.equal(proxy.connections, 1)
})

t.test('certificates that no client may take', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const edge = await startNginx(t, { name: 'edge' })
  const proxy = await faultProxy(t, { edge: edge.url, tls: true })
  const handshake = () =>
    new Promise((resolve) => {
      const socket = connectTls({ socket: connect(proxy.port, '127.0.0.1'), ca: CA, host: 'localhost' })
      socket.once('secureConnect', () => resolve('secure'))
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      socket.once('close', () => resolve('closed'))
      t.teardown(() => socket.destroy())
    })
  t.equal(await handshake(), 'secure')
  await proxy.set('tls-expired')
  t.equal(await handshake(), 'CERT_HAS_EXPIRED')
  await proxy.set('tls-wrong-name')
  t.equal(await handshake(), 'ERR_TLS_CERT_ALTNAME_INVALID')
  await proxy.set('unresolvable')
  t.match(proxy.url, /^https:\/\/no-such-edge\.invalid:\d+$/)
})
