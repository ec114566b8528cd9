import t from 'tap'
import { answer, chunked, countedBody, cut, garbage, head, headerFlood } from '../helpers/misbehaviour.ts'
import { field } from '../helpers/raw-response.ts'
import { type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { upgradeServer } from './support/echo-server.ts'
import { cdn, endpoint, policy } from './support/services.ts'
import { gatewayTo, toScript, toServer, upgrade } from './support/upgrades.ts'

t.test('both sides talk, with what they sent to shake hands', async (t) => {
  const { server, client, services, gateway } = await toServer(t)
  client.send(
    upgrade({
      Connection: 'keep-alive, Upgrade',
      Origin: 'https://www.example.com',
      Authorization: 'Bearer t',
      Cookie: 'a=1',
      'Sec-WebSocket-Protocol': 'chat, superchat',
      'Sec-WebSocket-Extensions': 'permessage-deflate',
    }),
  )
  await client.received('\r\n\r\n')
  const [got] = await client.responses(1)
  t.equal(got!.status, 101)
  t.equal(field(got!, 'upgrade'), 'websocket')
  t.match(field(got!, 'connection'), /^upgrade$/i)
  t.equal(field(got!, 'sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  t.equal(field(got!, 'sec-websocket-protocol'), 'chat')

  const { header, target, method } = server.requests[0]!
  t.equal(`${method} ${target}`, 'GET /chat?room=1')
  t.equal(header('host'), 'www.example.com')
  t.match(header('connection'), /^upgrade$/i)
  t.equal(header('upgrade'), 'websocket')
  t.equal(header('origin'), 'https://www.example.com')
  t.equal(header('authorization'), 'Bearer t')
  t.equal(header('cookie'), 'a=1')
  t.equal(header('sec-websocket-protocol'), 'chat, superchat')
  t.equal(header('sec-websocket-extensions'), 'permessage-deflate')
  t.equal(header('x-forwarded-for'), '127.0.0.1')
  t.equal(header('via'), '1.1 polycdn')

  t.equal(gateway.tunnels.open, 1)
  client.send('\x81\x85abcd!!!!!')
  await client.received('\x81\x85abcd!!!!!')
  client.halfClose()
  t.equal(await client.ended(), 'fin')
  const [line] = await services.ended(1)
  t.match(line, { status: 101, method: 'GET', cdn: 'origin', bytes: 11, error: null, aborted: false })
  t.match(line!.attempts, [{ outcome: 'served', status: 101 }])
  t.equal(gateway.tunnels.open, 0)
  t.same(services.errors, [])
})

t.test('bytes right behind either head arrive, after the 101', async (t) => {
  const { client } = await toServer(t, (socket, early) => {
    socket.write('hello,')
    socket.write(early)
    socket.pipe(socket)
  })
  client.send(`${upgrade()}early`)
  await client.received('hello,early')
  client.send('-later')
  await client.received('hello,early-later')
  t.match(client.text, /^HTTP\/1\.1 101 /)
})

t.test('the upstream hears nothing of what follows the head unless it switches', async (t) => {
  const { upstream, client } = await toScript(t, answer(401, 'who?\n', { 'www-authenticate': 'Basic' }))
  client.send(`${upgrade()}GET /admin HTTP/1.1\r\nhost: internal\r\n\r\n`)
  const [got] = await client.responses(1)
  t.equal(got!.status, 401)
  t.equal(await client.ended(), 'fin')
  t.equal(upstream.requests.length, 1)
  t.notMatch(upstream.requests[0]!.raw.toString('latin1'), '/admin')
})

t.test('every other answer is relayed as such, then the connection closes', async (t) => {
  const body = countedBody(200_000)
  const cases: [script: readonly Step[], status: number, body: string][] = [
    [answer(401, 'who?\n', { 'www-authenticate': 'Basic', 'set-cookie': 'a=1' }), 401, 'who?\n'],
    [answer(403, ''), 403, ''],
    [answer(502, 'their own page'), 502, 'their own page'],
    [chunked([body]), 200, body],
    [[`${head(426, { connection: 'close' })}until the end`, 'end!'], 426, 'until the end'],
    [[head(304)], 304, ''],
    [['HTTP/1.1 103 Early Hints\r\n\r\n', ...answer(200, 'late\n')], 200, 'late\n'],
  ]
  for (const [script, status, text] of cases) {
    const { client, services } = await toScript(t, script)
    client.send(upgrade())
    const [got] = await client.responses(1)
    t.equal(got!.status, status)
    t.equal(got!.body.toString('latin1') === text, true, `${status} has its body`)
    t.equal(field(got!, 'connection'), 'close')
    t.equal(await client.ended(), 'fin')
    const [line] = await services.ended(1)
    t.match(line, { status, bytes: text.length, cdn: 'origin', error: null, aborted: false })
  }
})

t.test('a redirect to the origin itself leads to the site', async (t) => {
  const { upstream, client } = await toScript(t, (_request) => answer(302, 'go\n', { location: `${upstream.url}/x` }))
  client.send(upgrade())
  const [got] = await client.responses(1)
  t.equal(field(got!, 'location'), 'http://www.example.com/x')
})

t.test('an answer that breaks off is visibly cut', async (t) => {
  const body = countedBody(10_000)
  for (const script of [
    cut(body, 5000, 'reset!'),
    cut(body, 5000, 'end!'),
    cut(body, 5000, 'stall!'),
    [head(200, { connection: 'close' }) + body, 'reset!'] as const,
  ]) {
    const { client, services } = await toScript(t, script, { policy: policy({}, { bodyIdleTimeout: 200 }) })
    client.send(upgrade())
    t.equal(await client.ended(), 'reset')
    const [line] = await services.ended(1)
    t.match(line, { status: 200, aborted: true })
  }
})

t.test('what goes wrong before the answer has its own status and Proxy-Status', async (t) => {
  const cases = [
    ['reset', ['reset!'], 502, 'connection_terminated'],
    ['end', ['end!'], 502, 'connection_terminated'],
    ['garbage', garbage, 502, 'http_protocol_error'],
    ['stall', ['stall!'], 504, 'http_response_timeout'],
    ['header overflow', headerFlood(900, 100), 502, 'http_protocol_error'],
    ['endless head', [`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}`, 'stall!'], 502, 'http_protocol_error'],
    ['101 to something else', [head(101, { connection: 'Upgrade', upgrade: 'h2c' })], 502, 'http_protocol_error'],
    ['101 to nothing', [head(101), 'stall!'], 502, 'http_protocol_error'],
    ['status 999', [head(999), 'end!'], 502, 'http_protocol_error'],
    ['a control character', answer(200, 'ok\n', { x: 'a\x01b\x7f' }), 502, 'http_protocol_error'],
    ['interim flood', [head(103).repeat(1000), 'stall!'], 502, 'http_protocol_error'],
    ['odd coding', [head(200, { 'transfer-encoding': 'gzip, chunked' }), 'end!'], 502, 'http_protocol_error'],
  ] as const
  for (const [name, script, status, code] of cases) {
    const { upstream, client, services } = await toScript(t, script, { originOver: { timeout: 200 } })
    client.send(upgrade())
    const [got] = await client.responses(1)
    t.equal(got!.status, status, name)
    t.equal(field(got!, 'proxy-status'), `polycdn; error=${code}; next-hop=origin`)
    t.equal(await client.ended(), 'fin')
    const [line] = await services.ended(1)
    t.match(line, { status, error: code, attempts: [{ outcome: 'failed', code }] })
    t.equal(upstream.requests.length, 1)
    await until(() => upstream.open === 0 || upstream.abandoned === 1, { what: 'the end of the upstream connection' })
  }
})

t.test('a refused dial is a 502, and the next endpoint is tried before that', async (t) => {
  const dead = await scriptedUpstream(t, answer())
  await dead.refuse()
  const { client, services } = await gatewayTo(t, dead.url)
  client.send(upgrade())
  const [got] = await client.responses(1)
  t.equal(got!.status, 502)
  t.match(got!.body.toString(), '(connection_refused)')
  const [line] = await services.ended(1)
  t.match(line, { cdn: null, attempts: [{ outcome: 'failed', code: 'connection_refused' }] })

  const server = await upgradeServer(t)
  const one = endpoint(dead.url, { cdn: cdn('dead') })
  const two = endpoint(server.url, { cdn: cdn('waf'), hostHeader: 'ws.cdn.test' })
  const second = await gatewayTo(t, dead.url, { unsafeEndpoints: [one, two] })
  second.client.send(`${upgrade()}ping`)
  await second.client.received('ping')
  t.equal(server.requests[0]!.header('host'), 'ws.cdn.test')
  t.equal(server.requests[0]!.header('x-forwarded-for'), undefined, 'client_ip: none')
  second.client.reset()
  const [switched] = await second.services.ended(1)
  t.match(switched!.attempts, [
    { cdn: 'dead', code: 'connection_refused' },
    { cdn: 'waf', outcome: 'served' },
  ])
})

t.test('a dial that hangs is a 504', async (t) => {
  // TLS that is never answered.
  const silent = await scriptedUpstream(t, ['stall!'])
  const chosen = policy({}, { connectTimeout: 150 })
  const { client } = await gatewayTo(t, silent.url.replace('http:', 'https:'), { policy: chosen })
  client.send(upgrade())
  const [got] = await client.responses(1)
  t.equal(got!.status, 504)
  t.match(got!.body.toString(), '(connection_timeout)')
  await until(() => silent.open === 0)
})

t.test('a client that leaves while the upstream thinks lets it go', async (t) => {
  for (const how of ['reset', 'close', 'halfClose'] as const) {
    const { upstream, client, services } = await toScript(t, ['stall!'])
    client.send(upgrade())
    await upstream.received(1)
    client[how]()
    await until(() => upstream.abandoned === 1, { what: 'the end of the upstream connection' })
    const [line] = await services.ended(1)
    t.match(line, { status: 499, error: 'client_gone', attempts: [{ outcome: 'aborted' }] })
  }
})

t.test('when one side dies the other one does, visibly', async (t) => {
  const one = await toServer(t)
  one.client.send(upgrade())
  ;(await one.server.upgraded(1)).resetAndDestroy()
  t.equal(await one.client.ended(), 'reset')
  await one.services.ended(1)

  const two = await toServer(t)
  two.client.send(upgrade())
  const socket = await two.server.upgraded(1)
  await two.client.received('101')
  two.client.reset()
  await until(() => socket.destroyed, { what: 'the end of the upstream socket' })
  await two.services.ended(1)
  t.equal(two.gateway.tunnels.open, 0)
})

t.test('each direction ends on its own', async (t) => {
  const { client, server } = await toServer(t, () => {})
  client.send(upgrade())
  const socket = await server.upgraded(1)
  let ended = false
  socket.on('end', () => {
    ended = true
  })
  socket.resume()
  await client.received('101')
  client.halfClose()
  await until(() => ended, { what: 'FIN at the upstream' })
  socket.write('still talking')
  await client.received('still talking')
  socket.end()
  t.equal(await client.ended(), 'fin')
})

t.test('a tunnel that is half closed and silent does not stay', async (t) => {
  const { client, server, services, gateway } = await toServer(t, () => {}, { limits: { idleTimeout: 200 } })
  client.send(upgrade())
  const socket = await server.upgraded(1)
  socket.resume()
  await client.received('101')
  client.halfClose()
  await services.ended(1)
  t.equal(gateway.tunnels.open, 0)
})

/** Writes until nothing more is taken for a while; returns the bytes so far, and what goes on counting them. */
async function pour(socket: NodeJS.WritableStream, size: number) {
  const piece = Buffer.alloc(1024 * 1024)
  const poured = { bytes: 0 }
  const pump = () => {
    while (poured.bytes < size) {
      poured.bytes += piece.length
      if (!socket.write(piece)) return void socket.once('drain', pump)
    }
  }
  pump()
  let before = -1
  const still = () => {
    const same = poured.bytes === before
    before = poured.bytes
    return same
  }
  await until(still, { interval: 300, what: 'a standstill' })
  return poured
}

const SIZE = 256 * 1024 * 1024
const MOST = 64 * 1024 * 1024

t.test('a client that does not read stops the upstream, and then gets everything', async (t) => {
  const { client, server } = await toServer(t, () => {})
  client.send(upgrade())
  const socket = await server.upgraded(1)
  await client.received('101')
  client.socket.pause()
  const poured = await pour(socket, SIZE)
  t.ok(poured.bytes < MOST, `${poured.bytes} bytes were taken`)
  let read = 0
  client.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  client.socket.resume()
  await until(() => read >= SIZE, { what: () => `the rest, after ${read} bytes` })
  t.equal(read, SIZE)
})

t.test('an upstream that does not read stops the client, and then gets everything', async (t) => {
  const { client, server } = await toServer(t, (socket) => socket.pause())
  client.send(upgrade())
  const socket = await server.upgraded(1)
  await client.received('101')
  const poured = await pour(client.socket, SIZE)
  t.ok(poured.bytes < MOST, `${poured.bytes} bytes were taken`)
  let read = 0
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  socket.resume()
  await until(() => read >= SIZE, { what: () => `the rest, after ${read} bytes` })
  t.equal(read, SIZE)
})

t.test('a client that talks before it is answered is not kept without bounds', async (t) => {
  const hold = Promise.withResolvers<void>()
  const { upstream, client } = await toScript(t, () => [hold.promise, ...answer(401, 'no\n')])
  client.send(upgrade())
  await upstream.received(1)
  const poured = await pour(client.socket, SIZE)
  t.ok(poured.bytes < MOST, `${poured.bytes} bytes were taken`)
  hold.resolve()
  await client.received('no\n')
})
