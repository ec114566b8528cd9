import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { onePerConnection, type RequestListener } from '../../src/http/pipeline.ts'
import { answer, countedBody } from '../helpers/misbehaviour.ts'
import { rawClient, rawExchange } from '../helpers/raw-client.ts'
import type { RawResponse } from '../helpers/raw-response.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { doorTo } from './support/door.ts'
import { policy } from './support/services.ts'

const NOTHING = () => {}
const request = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
const bodies = (responses: readonly RawResponse[]) => responses.map(({ body }) => body.toString())

t.test('a thousand requests in one packet: one at a time, in order, all of them', async (t) => {
  let running = 0
  let most = 0
  const door = await doorTo(t, ({ target }) => {
    most = Math.max(most, ++running)
    const later = new Promise<void>((resolve) =>
      setImmediate(() => {
        running--
        resolve()
      }),
    )
    return [later, ...answer(200, target)]
  })
  const paths = Array.from({ length: 1000 }, (_, i) => `/${i}`)
  const client = await rawClient(t, door)
  client.send(paths.map((path) => request(path)).join(''))
  t.same(bodies(await client.responses(1000, [], 30_000)), paths)
  t.same(
    door.upstream.requests.map(({ target }) => target),
    paths,
  )
  t.equal(most, 1)
  t.ok(door.upstream.connections <= 2, `the upstream connections are used again: ${door.upstream.connections}`)
  t.equal(door.listeners.requests, 0)
})

/** Sends without end; counts what the other side's kernel and program take. */
async function floods(client: Awaited<ReturnType<typeof rawClient>>, part: string): Promise<number> {
  const { socket } = client
  const batch = Buffer.from(part.repeat(500))
  let stuckAt = -1
  const feed = () => {
    while (!socket.destroyed && socket.writableLength < 256 * 1024) socket.write(batch)
  }
  const timer = setInterval(feed, 5)
  socket.once('close', () => clearInterval(timer))
  // Taken: not even the kernel's buffers move for twenty looks in a row.
  let same = 0
  await until(
    () => {
      const taken = socket.bytesWritten - socket.writableLength
      same = taken === stuckAt ? same + 1 : 0
      stuckAt = taken
      return same >= 20
    },
    { timeout: 30_000, interval: 25, what: () => `reading to stop; ${stuckAt} bytes were taken` },
  )
  clearInterval(timer)
  return stuckAt
}

/** What kernels buffer on loopback, on both sides: a few MiB each. */
const KERNEL = 16 * 1024 * 1024

t.test('a client that pipelines without end is not read while the upstream stalls', async (t) => {
  const timeouts = { timeout: 3_000, perTryTimeout: 3_000 }
  const door = await doorTo(t, ['stall!'], {}, policy({ fallback: 'none' }, timeouts))
  const client = await rawClient(t, door)
  t.ok((await floods(client, request('/'))) < KERNEL)
  t.equal(door.upstream.requests.length, 1)
  client.close()
  // Unread, the connection does not tell that the client has left; the end of the attempt does.
  await until(() => door.listeners.connections === 0, { what: 'the connection to be gone' })
  t.ok(door.upstream.requests.length <= 3, `the queue is not asked for: ${door.upstream.requests.length}`)
})

/** onePerConnection alone: tells what the server's side of the connection has read. */
async function bare(scope: Scope, listener: RequestListener) {
  const server = createServer(onePerConnection(listener, NOTHING)).listen(0, '127.0.0.1')
  const accepted = once(server, 'connection')
  await once(server, 'listening')
  scope.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const client = await rawClient(scope, server.address() as AddressInfo)
  const [socket] = (await accepted) as [Socket]
  return { client, socket }
}

t.test('nor while a body drains to it', async (t) => {
  const part = Buffer.alloc(256 * 1024, 'x')
  let drains = 0
  let started = 0
  const { client, socket } = await bare(t, (_request, response) => {
    started++
    const next = () => {
      if (++drains < 200) response.write(part, () => setImmediate(next))
    }
    next()
  })
  client.socket.removeAllListeners('data').resume()
  await floods(client, request('/'))
  await until(() => drains === 200, { what: () => `all parts, after ${drains}` })
  t.equal(started, 1)
  t.ok(socket.bytesRead < 512 * 1024, `${socket.bytesRead} bytes were read`)
})

t.test('nor when its requests expect something', async (t) => {
  const door = await doorTo(t, ({ target }) => (target === '/' ? answer() : ['stall!']))
  for (const expects of ['Expect: 100-continue\r\n', 'Expect: else\r\n']) {
    const client = await rawClient(t, door)
    const some = request('/', expects).repeat(20)
    t.ok((await floods(client, request('/stall') + some)) < KERNEL, expects)
    client.close()
  }
})

t.test('reading goes on when the queue is short again', async (t) => {
  const gate = Promise.withResolvers<void>()
  const door = await doorTo(t, ({ target }) => [gate.promise, ...answer(200, target)])
  const client = await rawClient(t, door)
  const paths = Array.from({ length: 2000 }, (_, i) => `/${i}`)
  client.send(paths.map((path) => request(path)).join(''))
  await door.upstream.received(1)
  gate.resolve()
  // Parsing all that came again and again would take longer than answering it.
  await until(() => client.text.endsWith('/1999'), { timeout: 30_000, interval: 100, what: 'the last answer' })
  t.same(bodies(await client.responses(2000)), paths)
})

t.test('a large answer first, then small ones', async (t) => {
  const large = countedBody(3_000_000)
  const door = await doorTo(t, ({ target }) => answer(200, target === '/large' ? large : target))
  const client = await rawClient(t, door)
  client.socket.pause()
  client.send(request('/large') + Array.from({ length: 100 }, (_, i) => request(`/${i}`)).join(''))
  await door.upstream.received(1)
  client.socket.resume()
  const [first, ...rest] = bodies(await client.responses(101))
  t.equal(first, large)
  t.same(
    rest,
    Array.from({ length: 100 }, (_, i) => `/${i}`),
  )
})

t.test('a client that leaves takes its queue with it', async (t) => {
  const door = await doorTo(t, ['stall!'])
  const client = await rawClient(t, door)
  client.send(request('/').repeat(10))
  await door.upstream.received(1)
  client.reset()
  await until(() => door.upstream.abandoned === 1, { what: 'the upstream request to be cancelled' })
  await until(() => door.listeners.connections === 0 && door.listeners.requests === 0, { what: 'nothing to be left' })
  t.equal(door.upstream.requests.length, 1)
})

t.test('two connections do not wait for each other', async (t) => {
  const door = await doorTo(t, ({ target }) => (target === '/stall' ? ['stall!'] : answer()))
  const stalled = await rawClient(t, door)
  stalled.send(request('/stall'))
  await door.upstream.received(1)
  const other = await rawClient(t, door)
  other.send(request('/'))
  t.equal((await other.responses(1)).length, 1)
})

t.test('what comes behind an answer that closes is not begun (RFC 9112 section 9.6)', async (t) => {
  const begun: string[] = []
  const listener = onePerConnection(({ url }, response) => {
    begun.push(url!)
    response.writeHead(200, ['connection', 'close', 'content-length', '0']).end()
  }, NOTHING)
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await rawExchange(t, { port }, 'GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /behind HTTP/1.1\r\nHost: a\r\n\r\n')
  t.same(begun, ['/first'])
})
