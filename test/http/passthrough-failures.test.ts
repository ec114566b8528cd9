import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import {
  answer,
  chunked,
  countedBody,
  cut,
  cutChunked,
  garbage,
  head,
  headerFlood,
  interimFlood,
  oddTransferEncoding,
} from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { front } from './support/front.ts'
import { cdn, endpoint, OUTLIER, policy, site, testServices } from './support/services.ts'
import { post, through } from './support/through.ts'
import { upgrade } from './support/upgrades.ts'

/** A port that refuses connections. */
async function refusing(t: Test) {
  const upstream = await scriptedUpstream(t, answer())
  await upstream.refuse()
  return upstream
}

t.test('what goes wrong before the answer has its own status, a reason and Proxy-Status', async (t) => {
  const cases = [
    ['reset', ['reset!'], 502, 'connection_terminated'],
    ['end', ['end!'], 502, 'connection_terminated'],
    ['garbage', garbage, 502, 'http_protocol_error'],
    ['stall', ['stall!'], 504, 'http_response_timeout'],
    ['header flood', headerFlood(900, 100), 502, 'http_protocol_error'],
    ['odd transfer coding', oddTransferEncoding(), 502, 'http_protocol_error'],
    ['status 999', [head(999), 'end!'], 502, 'http_protocol_error'],
    ['a control character', [head(200, { x: 'a\x01b\x7f' }), 'end!'], 502, 'http_protocol_error'],
    ['interim flood', interimFlood(9), 502, 'http_protocol_error'],
    ['unasked 101', [head(101, { connection: 'upgrade', upgrade: 'websocket' }), 'end!'], 502, 'http_protocol_error'],
  ] as const
  for (const [name, script, status, code] of cases) {
    const { upstream, client, services } = await through(t, script, { originOver: { timeout: 200 } })
    client.send(post('x'))
    const [got] = await client.responses(1)
    t.equal(got!.status, status, name)
    t.match(got!.body.toString(), `(${code})`)
    t.equal(field(got!, 'proxy-status'), `polycdn; error=${code}; next-hop=origin`)
    t.equal(upstream.requests.length, 1, 'a POST that was sent is not sent again')
    const [line] = await services.ended(1)
    t.match(line, { status, error: code, cdn: null, aborted: false })
    t.match(line!.attempts, [{ cdn: 'origin', outcome: 'failed', code }])
    client.send(post('y'))
    await client.responses(2)
    t.pass('the connection is good for the next request')
  }
})

t.test('a dead endpoint costs nothing: the content goes to the next one, whole', async (t) => {
  const dead = await refusing(t)
  const upstream = await scriptedUpstream(t, answer())
  const services = testServices(t, { sites: [site({ origin: [endpoint(dead.url), endpoint(upstream.url)] })] })
  const client = await rawClient(t, await front(t, services))
  const body = countedBody(300_000)
  const request = post(body, { expect: '100-continue' })
  client.send(request.slice(0, -body.length))
  await client.received('100 Continue')
  client.send(body)
  const [got] = await client.responses(1)
  t.equal(got!.status, 200)
  t.same(got!.interim, [100], 'asked for its content once')
  t.equal(upstream.requests[0]!.body.toString('latin1') === body, true)
  const [line] = await services.ended(1)
  t.match(line!.attempts, [{ outcome: 'failed', code: 'connection_refused' }, { outcome: 'served' }])
})

t.test('all endpoints dead is a 502, and nothing is sent twice after it was sent', async (t) => {
  const services = testServices(t, {
    sites: [site({ origin: [endpoint((await refusing(t)).url), endpoint((await refusing(t)).url)] })],
  })
  const client = await rawClient(t, await front(t, services))
  client.send(post('x'))
  const [got] = await client.responses(1)
  t.equal(got!.status, 502)
  t.match(got!.body.toString(), '(connection_refused)')
  const [line] = await services.ended(1)
  t.equal(line!.attempts.length, 2)
})

t.test('a reset after sending: POST and PUT fail, OPTIONS without content goes on', async (t) => {
  const flaky = await scriptedUpstream(t, ['reset!'])
  const good = await scriptedUpstream(t, answer())
  const services = testServices(t, { sites: [site({ origin: [endpoint(flaky.url), endpoint(good.url)] })] })
  const client = await rawClient(t, await front(t, services))
  client
    .send(post('x'))
    .send(post('x', {}, 'PUT /'))
    .send('OPTIONS / HTTP/1.1\r\nhost: www.example.com\r\n\r\n')
  const got = await client.responses(3)
  t.same(
    got.map(({ status }) => status),
    [502, 502, 200],
  )
  t.equal(good.requests.length, 1)
})

t.test('connect failures are charged to a CDN, what the application makes of a POST is not', async (t) => {
  const dead = await refusing(t)
  const flaky = await scriptedUpstream(t, ['reset!'])
  const one = endpoint(dead.url, { cdn: cdn('dead') })
  const two = endpoint(flaky.url, { cdn: cdn('flaky') })
  const chosen = policy({ outlier: { ...OUTLIER, consecutiveFailures: 1, baseEjection: 30_000, maxEjection: 300_000 } })
  const services = testServices(t, { sites: [site({ unsafeEndpoints: [one, two], policy: chosen })] })
  const client = await rawClient(t, await front(t, services))
  client.send(post('x'))
  await client.responses(1)
  t.equal(services.board.state(one), 'ejected')
  t.equal(services.board.state(two), 'healthy')
  client.send(post('x'))
  await client.responses(2)
  const [, second] = await services.ended(2)
  t.same(
    second!.attempts.map(({ cdn }) => cdn),
    ['flaky'],
    'what is known to be down comes last',
  )
})

t.test('too much content is a 413, told or found out', async (t) => {
  const { upstream, gateway, services } = await through(t, answer(), { limits: { body: 1000 } })
  const told = await rawClient(t, gateway)
  told.send(`POST / HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: 1001\r\n\r\n`)
  t.equal((await told.responses(1))[0]!.status, 413)
  t.equal(await told.ended(), 'fin')
  t.equal(upstream.connections, 0, 'the origin never hears of it')

  const found = await rawClient(t, gateway)
  found.send('POST / HTTP/1.1\r\nhost: www.example.com\r\ntransfer-encoding: chunked\r\n\r\n')
  found.send(`1f4\r\n${'x'.repeat(500)}\r\n`)
  await until(() => upstream.open === 1)
  found.send(`1f5\r\n${'x'.repeat(501)}\r\n`)
  const [got] = await found.responses(1)
  t.equal(got!.status, 413)
  t.equal(field(got!, 'connection'), 'close')
  await until(() => upstream.connections > upstream.open, { what: 'the end of the upstream request' })
  t.equal(upstream.requests.length, 0, 'never complete')
  const lines = await services.ended(2)
  t.equal(lines[1]!.error, 'body_too_large')
  t.match(lines[1]!.attempts, [{ outcome: 'aborted' }])

  const fits = await rawClient(t, gateway)
  fits.send(post('x'.repeat(1000)))
  t.equal((await fits.responses(1))[0]!.status, 200)
})

t.test('a dial that hangs is a 504 after the connect timeout', async (t) => {
  const held: Socket[] = []
  const silent = createServer((socket) => void held.push(socket.on('error', () => {}).resume())).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => {
    for (const socket of held) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as { port: number }
  const chosen = policy({}, { connectTimeout: 150 })
  // TLS that is never answered.
  const origin = [endpoint(`https://127.0.0.1:${port}`)]
  const services = testServices(t, { sites: [site({ origin, policy: chosen })] })
  const client = await rawClient(t, await front(t, services))
  client.send(post('x'))
  const [got] = await client.responses(1)
  t.equal(got!.status, 504)
  t.match(got!.body.toString(), '(connection_timeout)')
})

t.test('a client that stops sending gets a 408, and the upstream is let go', async (t) => {
  const { upstream, client, services } = await through(t, answer(), { policy: policy({}, { bodyIdleTimeout: 200 }) })
  client.send('POST / HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: 10\r\n\r\n12345')
  const [got] = await client.responses(1)
  t.equal(got!.status, 408)
  t.equal(field(got!, 'connection'), 'close')
  await until(() => upstream.connections > upstream.open, { what: 'the end of the upstream request' })
  const [line] = await services.ended(1)
  t.match(line, { error: 'request_timeout', attempts: [{ outcome: 'aborted' }] })
})

t.test('slow content is no timeout, and the time for the answer begins after it', async (t) => {
  const { client } = await through(t, answer(), { originOver: { timeout: 200 } })
  client.send('POST / HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: 8\r\n\r\n')
  for (const byte of 'everlong') {
    client.send(byte)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  t.equal((await client.responses(1))[0]!.status, 200)
})

t.test('an upstream that stops reading is a 504, and the client was not read without bounds', async (t) => {
  const held: Socket[] = []
  const deaf = createServer((socket) => {
    held.push(socket.on('error', () => {}).pause())
  }).listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  t.teardown(() => {
    for (const socket of held) socket.destroy()
    deaf.close()
  })
  const { port } = deaf.address() as { port: number }
  const chosen = policy({}, { bodyIdleTimeout: 500 })
  const services = testServices(t, {
    sites: [site({ origin: [endpoint(`http://127.0.0.1:${port}`)], policy: chosen })],
  })
  const client = await rawClient(t, await front(t, services))
  const size = 256 * 1024 * 1024
  client.send(`POST / HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: ${size}\r\n\r\n`)
  const piece = Buffer.alloc(1024 * 1024)
  let sent = 0
  const pump = () => {
    while (sent < size && !client.socket.destroyed) {
      sent += piece.length
      if (!client.socket.write(piece)) return void client.socket.once('drain', pump)
    }
  }
  pump()
  const [got] = await client.responses(1)
  t.equal(got!.status, 504)
  t.match(got!.body.toString(), '(http_response_timeout)')
  t.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`)
})

t.test('an answer that breaks off is visibly cut, on every framing', async (t) => {
  const body = countedBody(100_000)
  const scripts = {
    'by length, reset': cut(body, 50_000, 'reset!'),
    'by length, end': cut(body, 50_000, 'end!'),
    'by length, stall': cut(body, 50_000, 'stall!'),
    'chunked, reset': cutChunked(body, 'reset!'),
    'chunked, end': cutChunked(body, 'end!'),
    'chunked, stall': cutChunked(body, 'stall!'),
    'until the end, reset': [head(200) + body, 'reset!'] as const,
  }
  for (const [name, script] of Object.entries(scripts)) {
    for (const version of ['1.1', '1.0']) {
      const { client, services } = await through(t, script, { policy: policy({}, { bodyIdleTimeout: 200 }) })
      client.send(`POST / HTTP/${version}\r\nhost: www.example.com\r\ncontent-length: 1\r\n\r\nx`)
      t.equal(await client.ended(), 'reset', `${name}, HTTP/${version}`)
      const [line] = await services.ended(1)
      t.match(line, { status: 200, aborted: true, cdn: 'origin', attempts: [{ outcome: 'failed' }] })
    }
  }
})

t.test('an answer until the end of the connection is complete when that ends well', async (t) => {
  const { client } = await through(t, [`${head(200)}whole`, 'end!'])
  client.send(post('x'))
  const [got] = await client.responses(1)
  t.equal(got!.body.toString(), 'whole')
  t.equal(field(got!, 'transfer-encoding'), 'chunked')
})

t.test('a client that leaves ends the upstream request, before and in the answer', async (t) => {
  for (const script of [['stall!'], [head(200, { 'content-length': '100' }), 'stall!']] as const) {
    const { upstream, client, services } = await through(t, script)
    client.send(post('x'))
    await upstream.received(1)
    if (script.length > 1) await client.received('200 OK')
    client.reset()
    await until(() => upstream.abandoned === 1, { what: 'the end of the upstream request' })
    const [line] = await services.ended(1)
    t.match(line, { error: 'client_gone', status: script.length > 1 ? 200 : 499, aborted: false })
  }
})

t.test('a client that ends its side after the content gets its answer', async (t) => {
  const hold = Promise.withResolvers<void>()
  const { upstream, client } = await through(t, () => [hold.promise, ...answer()])
  client.send(post('x')).halfClose()
  await upstream.received(1)
  hold.resolve()
  t.equal((await client.responses(1))[0]!.status, 200)
})

t.test('a client that leaves in the middle of its content ends the upstream request', async (t) => {
  const { upstream, client, services } = await through(t)
  client.send('POST / HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: 10\r\n\r\n12345')
  await until(() => upstream.open === 1)
  client.reset()
  await until(() => upstream.connections > upstream.open, { what: 'the end of the upstream request' })
  t.equal(upstream.requests.length, 0, 'never complete')
  const [line] = await services.ended(1)
  t.equal(line!.error, 'client_gone')
})

t.test('an answer before the end of the content is relayed, then the connection closes', async (t) => {
  for (const early of [answer(401, 'no\n'), chunked(['no', '\n'])]) {
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.write(early.join(''), 'latin1'))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as { port: number }
    const services = testServices(t, { sites: [site({ origin: [endpoint(`http://127.0.0.1:${port}`)] })] })
    const client = await rawClient(t, await front(t, services))
    // It writes all of it first and reads later: the answer must survive that.
    client.socket.pause()
    const size = 20_000_000
    client.send(`POST / HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: ${size}\r\n\r\nbegin`)
    await new Promise<void>((resolve, reject) => {
      client.socket.write(Buffer.alloc(size - 5), (error) => (error ? reject(error) : resolve()))
    })
    client.socket.resume()
    const [got] = await client.responses(1)
    t.match(got!.body.toString(), 'no\n')
    t.equal(field(got!, 'connection'), 'close')
    t.equal(await client.ended(), 'fin')
    const [line] = await services.ended(1)
    t.match(line, { error: null, aborted: false })
  }
})

t.test('a client that does not read does not make the gateway read', async (t) => {
  const piece = Buffer.alloc(1024 * 1024)
  const size = 256 * piece.length
  let written = 0
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', () => {
        socket.write(head(200, { 'content-length': String(size) }))
        const pump = () => {
          while (written < size) {
            written += piece.length
            if (!socket.write(piece)) return void socket.once('drain', pump)
          }
        }
        pump()
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const services = testServices(t, { sites: [site({ origin: [endpoint(`http://127.0.0.1:${port}`)] })] })
  const client = await rawClient(t, await front(t, services))
  client.socket.pause()
  client.send(post('x'))
  let before = -1
  await until(
    () => {
      const still = written > 0 && written === before
      before = written
      return still
    },
    { interval: 300, what: 'a standstill' },
  )
  t.ok(written < 64 * 1024 * 1024, `${written} bytes were taken`)
  let read = 0
  client.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  client.socket.resume()
  await until(() => read > size, { what: () => `the rest, after ${read} bytes` })
  t.equal(written, size)
})

t.test('the head of an answer does not wait for its body', async (t) => {
  const hold = Promise.withResolvers<void>()
  const events = [head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }), hold.promise]
  const { client } = await through(t, [...events, '5\r\nevent\r\n0\r\n\r\n'])
  client.send(post('x'))
  await client.received('text/event-stream')
  hold.resolve()
  t.equal((await client.responses(1))[0]!.body.toString(), 'event')
})

t.test('OPTIONS * fails as other requests do', async (t) => {
  const options = 'OPTIONS * HTTP/1.1\r\nhost: www.example.com\r\n\r\n'
  const dead = await refusing(t)
  const good = await scriptedUpstream(t, answer())
  const two = testServices(t, { sites: [site({ origin: [endpoint(dead.url), endpoint(good.url)] })] })
  const over = await rawClient(t, await front(t, two))
  over.send(options)
  t.equal((await over.responses(1))[0]!.status, 200)

  const cases = [
    [['reset!'], 502, 'connection_terminated'],
    [['stall!'], 504, 'http_response_timeout'],
    [garbage, 502, 'http_protocol_error'],
    [[head(101, { connection: 'upgrade', upgrade: 'x' }), 'stall!'], 502, 'http_protocol_error'],
  ] as const
  for (const [script, status, code] of cases) {
    const { client, services } = await through(t, script, { originOver: { timeout: 200 } })
    client.send(options)
    t.equal((await client.responses(1))[0]!.status, status, code)
    t.equal((await services.ended(1))[0]!.error, code)
  }
  for (const script of [cut('0123456789', 5, 'end!'), [`${head(200)}body`, 'reset!'] as const]) {
    const { client } = await through(t, script)
    client.send(options)
    t.equal(await client.ended(), 'reset')
  }
})

t.test('what nobody foresaw is a 500 with a line in the log, and no crash', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const bad = endpoint(upstream.url, { hostHeader: 'two\r\nlines' })
  const services = testServices(t, { sites: [site({ origin: [bad] })] })
  const gateway = await front(t, services)
  for (const request of [post('x'), post('x', {}, 'OPTIONS *'), upgrade()]) {
    const client = await rawClient(t, gateway)
    client.send(request)
    t.equal((await client.responses(1))[0]!.status, 500)
  }
  t.equal(upstream.requests.length, 0)
})
