import t from 'tap'
import type { Endpoint, UpstreamTls } from '../../src/config/snapshot.ts'
import { Attempt } from '../../src/delivery/attempt.ts'
import { isAddress, serverName } from '../../src/delivery/connect-options.ts'
import { Transport } from '../../src/delivery/transport.ts'
import { CA, certificate } from '../helpers/certificates.ts'
import { answer, cut } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { surroundingsOf } from './support/names.ts'
import { dialling, makeRequest, makeTimers, makeTransport, PATIENT, Recorder } from './support/parts.ts'
import { tlsUpstream } from './support/tls.ts'

const TLS: UpstreamTls = { serverName: 'edge.test', verify: true, ca: CA, clientCertificate: null }

type Tap = Parameters<typeof makeTimers>[0]

function send(scope: Tap, transport: Transport, endpoint: Endpoint, host = 'www.test'): Recorder {
  const recorder = new Recorder()
  const attempt = new Attempt(endpoint, PATIENT, makeTimers(scope), recorder)
  transport.dispatch(endpoint, makeRequest({ host }), attempt)
  return recorder
}

t.test('the name in SNI and the name that is verified are the same, and not the Host', async (t) => {
  const upstream = await tlsUpstream(t, 'localhost')
  const fixed = dialling('fixed', upstream.url, { tls: TLS })
  const preserving = dialling('preserving', upstream.url, { tls: { ...TLS, serverName: null } })
  const transport = makeTransport(t, [fixed, preserving])
  t.equal(await send(t, transport, fixed, 'www.example.com').finished(), 'end')
  t.equal(await send(t, transport, preserving, 'a.cdn.test').finished(), 'end')
  t.equal(await send(t, transport, preserving, 'www.example.com').finished(), 'tls_certificate_error')
  t.same(upstream.names, ['edge.test', 'a.cdn.test'])
  t.equal(upstream.requests.length, 2)
})

t.test('an address is verified and never sent as SNI', async (t) => {
  const upstream = await tlsUpstream(t, 'localhost')
  const narrow = await tlsUpstream(t, 'wrong-name')
  const tls = { ...TLS, serverName: '127.0.0.1' }
  const good = dialling('good', upstream.url, { tls })
  const bad = dialling('bad', narrow.url, { tls })
  const transport = makeTransport(t, [])
  t.equal(await send(t, transport, good).finished(), 'end')
  t.equal(await send(t, transport, bad).finished(), 'tls_certificate_error')
  const preserving = dialling('preserving', upstream.url, { tls: { ...TLS, serverName: null } })
  t.equal(await send(t, transport, preserving, '127.0.0.1').finished(), 'end')
  t.equal(await send(t, transport, preserving, '127.9.9.9').finished(), 'tls_certificate_error')
  t.equal(await send(t, transport, preserving, '[::1]').finished(), 'end')
  t.same(upstream.names, [false, false, false])
})

t.test('a fixed name keeps its connection, whatever hosts are asked for', async (t) => {
  for (const serverName of ['edge.test', '127.0.0.1']) {
    const upstream = await tlsUpstream(t, 'localhost')
    const endpoint = dialling(serverName, upstream.url, { tls: { ...TLS, serverName }, hostHeader: null })
    const transport = makeTransport(t, [endpoint])
    for (const host of ['a.test', 'b.test', 'a.test']) {
      t.equal(await send(t, transport, endpoint, host).finished(), 'end')
    }
    t.equal(upstream.names.length, 1, serverName)
  }
})

t.test('what a server name is', (t) => {
  const endpoint = (tls: UpstreamTls | null) => dialling('a', 'http://127.0.0.1:1', { tls })
  t.equal(serverName(endpoint(null), 'www.test'), null)
  t.equal(serverName(endpoint(TLS), 'www.test'), 'edge.test')
  t.equal(serverName(endpoint({ ...TLS, serverName: null }), 'www.test'), 'www.test')
  t.same(['127.0.0.1', '::1', '[::1]', 'www.test', '1.2.3', ''].map(isAddress), [true, true, true, false, false, false])
  t.end()
})

t.test('certificates are verified unless the configuration says otherwise', async (t) => {
  const upstream = await tlsUpstream(t, 'untrusted')
  const transport = makeTransport(t, [])
  const refused = dialling('verified', upstream.url, { tls: TLS })
  const careless = dialling('careless', upstream.url, { tls: { ...TLS, verify: false } })
  t.equal(await send(t, transport, refused).finished(), 'tls_certificate_error')
  t.equal(await send(t, transport, careless).finished(), 'end')
})

t.test('a client certificate is shown to those that ask', async (t) => {
  const upstream = await tlsUpstream(t, 'localhost', { ca: CA, requestCert: true, rejectUnauthorized: true })
  const { cert, key } = certificate('client')
  const transport = makeTransport(t, [])
  const known = send(
    t,
    transport,
    dialling('known', upstream.url, { tls: { ...TLS, clientCertificate: { cert, key } } }),
  )
  t.equal(await known.finished(), 'end')
  t.equal(known.body, 'ok client')
  const unknown = send(t, transport, dialling('unknown', upstream.url, { tls: TLS }))
  t.not(await unknown.finished(), 'end')
})

t.test('a pool per name where SNI follows the host, and no more than 64', async (t) => {
  const upstream = await tlsUpstream(t, 'localhost')
  const endpoint = dialling('a', upstream.url, { tls: { ...TLS, serverName: null } })
  const other = dialling('other', upstream.url, { tls: { ...TLS, serverName: null } })
  const transport = makeTransport(t, [endpoint, other])
  const kept = transport.pool(other, 'other.cdn.test')
  const first = transport.pool(endpoint, 'n0.cdn.test')
  for (let i = 0; i < 64; i++) t.not(transport.pool(endpoint, `n${i}.cdn.test`).closed, true)
  t.equal(transport.pool(endpoint, 'n0.cdn.test'), first)
  const second = transport.pool(endpoint, 'n1.cdn.test')
  transport.pool(endpoint, 'n64.cdn.test')
  t.equal(first.closed, true)
  t.equal(second.closed, false)
  t.not(transport.pool(endpoint, 'n0.cdn.test'), first)
  t.equal(transport.pool(other, 'other.cdn.test'), kept, 'each endpoint has its own 64')
  t.equal(kept.closed, false)
})

t.test('one pool for all hosts where the name is fixed, or there is no TLS', (t) => {
  const transport = makeTransport(t, [])
  for (const tls of [TLS, null]) {
    const endpoint = dialling(`tls-${tls !== null}`, 'https://127.0.0.1:1', { tls, hostHeader: null })
    t.equal(transport.pool(endpoint, 'a.test'), transport.pool(endpoint, 'b.test'))
  }
  t.end()
})

t.test('a reload hands over the pools of endpoints that stay, and closes the others', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const gone = await scriptedUpstream(t, answer())
  const stays = dialling('stays', upstream.url)
  const goes = dialling('goes', gone.url)
  const before = makeTransport(t, [stays, goes])
  for (const endpoint of [stays, goes]) t.equal(await send(t, before, endpoint).finished(), 'end')
  const pool = before.pool(goes, '')
  const after = makeTransport(t, [{ ...stays }], before)
  await before.retire()
  t.equal(pool.closed, true)
  await until(() => gone.open === 0 || gone.requests.length === 1)
  t.equal(await send(t, after, stays).finished(), 'end')
  t.equal(upstream.connections, 1, 'the connection is the same')
  t.equal(await send(t, after, goes).finished(), 'end', 'an endpoint that comes back has a new pool')
  t.equal(gone.connections, 2)
})

t.test('pools survive several reloads in a row, also when the older transports retire late', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const endpoint = dialling('a', upstream.url)
  const first = makeTransport(t, [endpoint])
  const pool = first.pool(endpoint, '')
  const release = first.lease()
  const second = makeTransport(t, [endpoint], first)
  const third = makeTransport(t, [endpoint], second)
  const retired = Promise.all([first.retire(), second.retire()])
  release()
  await retired
  t.equal(third.pool(endpoint, ''), pool)
  t.equal(pool.closed, false)
})

t.test('while somebody holds a lease nothing is closed', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const endpoint = dialling('a', upstream.url)
  const transport = makeTransport(t, [endpoint])
  const releases = [transport.lease(), transport.lease()]
  let retired = false
  const done = transport.retire().then(() => {
    retired = true
  })
  releases[0]!()
  releases[0]!()
  t.equal(await send(t, transport, endpoint).finished(), 'end', 'a retry of an old request still finds its pool')
  t.equal(retired, false)
  releases[1]!()
  await done
  t.equal(transport.pool(endpoint, '').closed, true)
})

t.test('closing waits for bodies that are under way; destroying does not', async (t) => {
  const go = Promise.withResolvers<void>()
  const upstream = await scriptedUpstream(t, ['HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc', go.promise, 'def'])
  const endpoint = dialling('a', upstream.url)
  const transport = makeTransport(t, [endpoint])
  const slow = send(t, transport, endpoint)
  await until(() => slow.body === 'abc')
  let retired = false
  const done = transport.retire().then(() => {
    retired = true
  })
  t.equal(retired, false)
  go.resolve()
  t.equal(await slow.finished(), 'end')
  await done
  upstream.play(cut('abcdef', 3, 'stall!'))
  const next = makeTransport(t, [endpoint])
  const cutOff = send(t, next, endpoint)
  await until(() => cutOff.body === 'abc')
  await next.destroy()
  t.equal(await cutOff.finished(), 'http_response_incomplete')
})

t.test('a transport that is closed reports it like any other failure', async (t) => {
  const endpoint = dialling('a', 'http://127.0.0.1:1')
  const transport = makeTransport(t, [endpoint])
  transport.pool(endpoint, '')
  await transport.destroy()
  t.equal(await send(t, transport, endpoint).finished(), 'connection_terminated')
})

t.test('a pool lives as long as any generation that holds it: a long body outlives two reloads', async (t) => {
  const a = dialling('a', 'http://127.0.0.1:9')
  const first = new Transport([a])
  const pool = first.pool(a, 'a')
  const release = first.lease()
  const second = new Transport([a], first)
  const retiring = first.retire()
  const third = new Transport([], second)
  await second.retire()
  t.equal(first.pool(a, 'a'), pool)
  t.equal(pool.closed, false)
  release()
  await retiring
  t.equal(pool.closed, true)
  await third.destroy()
})

t.test('connections to hops end with the transport', async (t) => {
  const target = await scriptedUpstream(t, answer())
  const surroundings = surroundingsOf(new Map([['media.test', ['127.0.0.1']]]))
  for (const end of ['retire', 'destroy'] as const) {
    const transport = new Transport([], undefined, surroundings)
    const recorder = new Recorder()
    const endpoint = dialling('a', 'http://127.0.0.1:1')
    const attempt = new Attempt(endpoint, PATIENT, makeTimers(t), recorder)
    transport.dispatchHop(endpoint, new URL(`http://media.test:${target.port}/`), makeRequest(), attempt)
    t.equal(await recorder.finished(), 'end')
    t.equal(target.open, 1)
    await transport[end]()
    await until(() => target.open === 0, { what: end })
  }
})
