import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t from 'tap'
import { upstreamErrorCode } from '../../../src/delivery/upstream-error.ts'
import type { AnswerHandler } from '../../../src/delivery/wire/answer-handler.ts'
import { WirePool } from '../../../src/delivery/wire/pool.ts'
import { answer, chunked, countedBody, head } from '../../helpers/misbehaviour.ts'
import type { Scope } from '../../helpers/scope.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { until } from '../../helpers/wait.ts'

/** Writes down what becomes of one request. */
class Heard implements AnswerHandler {
  connects = 0
  readonly heads: [status: number, ...string[]][] = []
  readonly chunks: Buffer[] = []
  outcome: string | null = null
  late = 0
  accept: () => boolean = () => true
  abort: (reason?: Error) => void = () => {}
  resume: () => void = () => {}
  onConnectDo: () => void = () => {}

  onConnect(abort: (reason?: Error) => void): void {
    this.connects++
    this.abort = abort
    this.onConnectDo()
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    this.#check()
    this.heads.push([status, ...rawHeaders.map((text) => text.toString('latin1'))])
    this.resume = resume
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#check()
    this.chunks.push(chunk)
    return this.accept()
  }

  onComplete(): void {
    this.#check()
    this.outcome = 'end'
  }

  onError(error: Error): void {
    this.#check()
    this.outcome = upstreamErrorCode(error)
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  async finished(): Promise<string> {
    return until(() => this.outcome, { what: 'the end of the exchange' })
  }

  #check(): void {
    if (this.outcome !== null) this.late++
  }
}

const GET = { method: 'GET', path: '/', headers: ['host', 'a.test'] }

function poolTo(scope: Scope, port: number, now?: () => number): WirePool {
  const pool = new WirePool((onread, done) => {
    const socket = connect({ port, host: '127.0.0.1', onread })
    const settle = (error: Error | null) => {
      socket.off('error', settle)
      done(error)
    }
    return socket.once('connect', () => settle(null)).once('error', settle)
  }, now)
  scope.teardown(() => pool.destroy())
  return pool
}

function ask(pool: WirePool, method = 'GET', heard = new Heard()): Heard {
  pool.dispatch({ ...GET, method }, heard)
  return heard
}

/** Waits until the connections of this many answered requests may be used again. */
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

async function listening(scope: Scope, accept: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => accept(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('answers that are cut at every byte are the same answers', async (t) => {
  const texts = [
    answer(200, 'twelve bytes', { a: 'b' }).join(''),
    chunked(['some', 'chunks, and more'], { a: 'b' }).join('').replace('0\r\n\r\n', '0;x="y"\r\nx: y\r\n\r\n'),
    `HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n${answer(404, '').join('')}`,
  ]
  let steps: Step[] = []
  const upstream = await scriptedUpstream(t, () => steps)
  const pool = poolTo(t, upstream.port)
  for (const text of texts) {
    steps = [text]
    const whole = ask(pool)
    t.equal(await whole.finished(), 'end')
    for (let cut = 1; cut < text.length; cut++) {
      // A turn of the event loop for each part: they come in reads of their own.
      steps = [text.slice(0, cut), turn(), text.slice(cut)]
      const heard = ask(pool)
      t.equal(await heard.finished(), 'end')
      t.same([heard.heads, heard.body, heard.late], [whole.heads, whole.body, 0], `${text.slice(0, 20)} at ${cut}`)
      await turn()
    }
  }
  t.equal(upstream.connections, 1)
})

t.test('a connection is used again, the last one first', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const pool = poolTo(t, upstream.port)
  const two = [ask(pool), ask(pool)]
  for (const heard of two) t.equal(await heard.finished(), 'end')
  await turn()
  for (let i = 0; i < 3; i++) {
    t.equal(await ask(pool).finished(), 'end')
    await turn()
  }
  t.equal(upstream.connections, 2)
  t.match(upstream.requests[0]!.raw.toString(), /^GET \/ HTTP\/1\.1\r\n/)
})

const NEVER_AGAIN: Readonly<Record<string, readonly Step[]>> = {
  'Connection: close': answer(200, 'ok', { connection: 'close' }),
  'HTTP/1.0': ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
  'Keep-Alive: timeout=1': answer(200, 'ok', { 'keep-alive': 'timeout=1' }),
  'bytes behind the end': [answer(200, 'ok').join('') + answer(200, 'evil').join('')],
  'bytes right behind the end': [...answer(200, 'ok'), 'evil'],
  'bytes behind the last chunk': [`${chunked(['ok']).join('')}evil`],
  '304 with a length': [head(304, { 'content-length': '4' })],
  'an end behind the answer': [...answer(200, 'ok'), 'end!'],
}

for (const [name, steps] of Object.entries(NEVER_AGAIN)) {
  t.test(`${name}: the answer is complete, and its connection is left`, async (t) => {
    const upstream = await scriptedUpstream(t, steps)
    const pool = poolTo(t, upstream.port)
    const heard = ask(pool)
    t.equal(await heard.finished(), 'end')
    await until(() => upstream.open === 0, { what: 'the connection to be left' })
    t.notMatch(heard.body, /evil/)
    t.equal(heard.late, 0)
  })
}

t.test('the content of a HEAD is not read as the next answer', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, answer(200, 'evil').join('')))
  const pool = poolTo(t, upstream.port)
  const heard = ask(pool, 'HEAD')
  t.equal(await heard.finished(), 'end')
  upstream.play(answer(200, 'good'))
  const next = ask(pool)
  t.equal(await next.finished(), 'end')
  t.equal(next.body, 'good')
})

t.test('what nobody asked for ends a connection that waits', async (t) => {
  const go = Promise.withResolvers<void>()
  const upstream = await scriptedUpstream(t, [...answer(200, 'ok'), go.promise, answer(200, 'evil').join('')])
  const pool = poolTo(t, upstream.port)
  t.equal(await ask(pool).finished(), 'end')
  await turn()
  go.resolve()
  await until(() => upstream.open === 0)
})

t.test('a connection that its other side has left costs nobody anything', async (t) => {
  for (const end of ['end!', 'reset!'] as const) {
    let served = 0
    // Each connection answers once, and leaves when it is asked again.
    const upstream = await scriptedUpstream(t, () => (served++ % 2 === 0 ? answer() : [end]))
    const pool = poolTo(t, upstream.port)
    t.equal(await ask(pool).finished(), 'end')
    await turn()
    const again = ask(pool)
    t.equal(await again.finished(), 'end', end)
    t.same([again.connects, upstream.connections, upstream.requests.length], [2, 2, 3])
  }
})

t.test('but only once, not on a new connection, and not when an answer has begun', async (t) => {
  const cases: [first: readonly Step[], then: readonly Step[], outcome: string, requests: number][] = [
    [['reset!'], answer(), 'connection_terminated', 1],
    [answer(), ['reset!'], 'connection_terminated', 3],
    [answer(), ['HTTP/1.1 ', 'end!'], 'connection_terminated', 2],
    [answer(), [head(200, { 'content-length': '5' }), 'end!'], 'http_response_incomplete', 2],
  ]
  for (const [first, then, outcome, requests] of cases) {
    const upstream = await scriptedUpstream(t, (_, index) => (index === 0 ? first : then))
    const pool = poolTo(t, upstream.port)
    let heard = ask(pool)
    if ((await heard.finished()) === 'end') {
      await turn()
      heard = ask(pool)
    }
    t.equal(await heard.finished(), outcome)
    t.same([upstream.requests.length, heard.late], [requests, 0])
  }
})

t.test('given up between a stale connection and the next one, nothing is asked any more', async (t) => {
  let connections = 0
  const port = await listening(t, (socket) => {
    connections++
    socket.once('data', () => socket.write(answer().join(''), () => socket.once('data', () => socket.end())))
  })
  const pool = poolTo(t, port)
  t.equal(await ask(pool).finished(), 'end')
  await turn()
  const heard = ask(pool)
  heard.onConnectDo = () => heard.abort()
  t.equal(await heard.finished(), 'client_gone')
  await pool.close()
  t.same([heard.connects, heard.late, connections], [2, 0, 2])
})

t.test('a connection is left before its other side leaves it', async (t) => {
  let now = 0
  const upstream = await scriptedUpstream(t, answer(200, 'ok', { 'keep-alive': 'timeout=3' }))
  const pool = poolTo(t, upstream.port, () => now)
  for (const [wait, connections] of [
    [0, 1],
    [999, 1],
    [1001, 2],
  ] as const) {
    now += wait
    t.equal(await ask(pool).finished(), 'end')
    await turn()
    t.equal(upstream.connections, connections)
  }
  now += 1001
  await until(() => upstream.open === 0, { what: 'connections that wait to be left without another request' })
})

t.test('whoever reads slowly holds the other side up, and no memory', async (t) => {
  const total = 64 * 1024 * 1024
  for (const framing of ['content-length', 'transfer-encoding']) {
    const value = framing === 'content-length' ? String(total) : 'chunked'
    let sent = 0
    const port = await listening(t, (socket) => {
      const piece = Buffer.alloc(1024 * 1024)
      const write = () => {
        while (sent < total && !socket.destroyed) {
          sent += piece.length
          if (framing !== 'content-length') socket.write(`${piece.length.toString(16)}\r\n`)
          const more = socket.write(piece)
          if (framing !== 'content-length') socket.write('\r\n')
          if (!more) return
        }
        if (framing !== 'content-length') socket.write('0\r\n\r\n')
        socket.off('drain', write)
      }
      socket.once('data', () => {
        socket.write(head(200, { [framing]: value }))
        socket.on('drain', write)
        write()
      })
    })
    const heard = new Heard()
    let received = 0
    let pieces = 0
    heard.onData = (chunk) => {
      received += chunk.length
      pieces++
      return pieces > 20
    }
    ask(poolTo(t, port), 'GET', heard)
    for (let piece = 1; piece <= 20; piece++) {
      await until(() => pieces > 0)
      await turn()
      t.equal(pieces, piece, 'one piece, until the pause is over')
      // What the other side wrote waits in the buffers of the kernel, which are smaller than this.
      t.ok(sent < total)
      heard.resume()
      await until(() => pieces > piece)
    }
    t.equal(await heard.finished(), 'end')
    t.equal(received, total)
  }
})

t.test('pieces that came in one read wait for whoever takes them one by one', async (t) => {
  const parts = ['one', 'two', 'three'].map((part) => part.repeat(1000))
  const upstream = await scriptedUpstream(t, [chunked(parts).join('')])
  const heard = new Heard()
  heard.accept = () => false
  const pool = poolTo(t, upstream.port)
  ask(pool, 'GET', heard)
  for (const count of [1, 2, 3]) {
    await until(() => heard.chunks.length === count)
    await turn()
    t.same([heard.chunks.length, heard.outcome], [count, null])
    heard.resume()
  }
  t.equal(await heard.finished(), 'end')
  t.same(heard.chunks.map(String), parts)
  await turn()
  t.equal(await ask(pool).finished(), 'end', 'the connection reads on')
  t.equal(upstream.connections, 1)
})

t.test('pieces of a few bytes are handed over together, and cost no more than large ones', async (t) => {
  const parts = Array.from({ length: 20_000 }, (_, at) => (at % 1000 === 999 ? countedBody(5000) : at.toString(36)))
  const upstream = await scriptedUpstream(t, [chunked(parts).join('')])
  const pool = poolTo(t, upstream.port)
  for (const every of [1, 3, Number.POSITIVE_INFINITY]) {
    const heard = new Heard()
    heard.accept = () => {
      if (heard.chunks.length % every !== 0) return true
      setImmediate(() => heard.resume())
      return false
    }
    ask(pool, 'GET', heard)
    t.equal(await heard.finished(), 'end')
    t.ok(heard.body === parts.join(''))
    t.ok(heard.chunks.length < 500, `${parts.length} chunks came as ${heard.chunks.length} pieces`)
    await turn()
  }
  t.equal(upstream.connections, 1)
})

t.test('an answer that is complete is not cut by what happens to its connection afterwards', async (t) => {
  for (const end of ['end!', 'reset!'] as const) {
    const go = Promise.withResolvers<void>()
    const upstream = await scriptedUpstream(t, [...answer(200, 'ok'), go.promise, end])
    const heard = new Heard()
    heard.accept = () => false
    ask(poolTo(t, upstream.port), 'GET', heard)
    await until(() => heard.chunks.length === 1)
    go.resolve()
    await until(() => upstream.open === 0 || end === 'end!')
    await turn()
    t.equal(heard.outcome, null)
    heard.resume()
    t.equal(await heard.finished(), 'end')
  }
})

t.test('what a handler throws ends its exchange, and nothing else', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const pool = poolTo(t, upstream.port)
  for (const method of ['onConnect', 'onHeaders', 'onData', 'onComplete'] as const) {
    const heard = new Heard()
    heard[method] = () => {
      throw new Error('a mistake')
    }
    ask(pool, 'GET', heard)
    t.equal(await heard.finished(), 'destination_unavailable', method)
    await turn()
  }
  t.equal(await ask(pool).finished(), 'end')
})

t.test('closing waits for what runs, takes nothing more, and leaves what waits', async (t) => {
  const go = Promise.withResolvers<void>()
  const upstream = await scriptedUpstream(t, (_, index) =>
    index === 0 ? answer() : [head(200, { 'content-length': '2' }), go.promise, 'ok'],
  )
  const pool = poolTo(t, upstream.port)
  const first = ask(pool)
  t.equal(await first.finished(), 'end')
  const running = ask(pool)
  await until(() => running.heads.length > 0)
  let closed = false
  const done = pool.close().then(() => {
    closed = true
  })
  t.equal(pool.closed, true)
  t.equal(ask(pool).outcome, 'connection_terminated')
  await turn()
  t.equal(closed, false)
  go.resolve()
  t.equal(await running.finished(), 'end')
  await done
  await until(() => upstream.open === 0)
})

t.test('destroying ends what runs, what waits and what is being opened', async (t) => {
  const upstream = await scriptedUpstream(t, (_, index) => (index === 0 ? answer() : ['stall!']))
  const pool = poolTo(t, upstream.port)
  t.equal(await ask(pool).finished(), 'end')
  await turn()
  const running = [ask(pool), ask(pool)]
  await upstream.received(3)
  running.push(ask(pool))
  await pool.destroy()
  t.same(
    running.map(({ outcome }) => outcome),
    Array(3).fill('connection_terminated'),
  )
  await until(() => upstream.open === 0 || upstream.abandoned > 0)
})

t.test('large bodies over several connections are each their own', async (t) => {
  const bodies = ['a', 'b', 'c', 'd'].map((letter) => countedBody(300_000).replaceAll('.', letter))
  const upstream: ScriptedUpstream = await scriptedUpstream(t, (_, index) =>
    index % 2 === 0 ? answer(200, bodies[index % 4]) : chunked([bodies[index % 4]!, bodies[index % 4]!]),
  )
  const pool = poolTo(t, upstream.port)
  for (let round = 0; round < 3; round++) {
    const all = bodies.map(() => ask(pool))
    for (const heard of all) t.equal(await heard.finished(), 'end')
    const got = all.map(({ body }) => body).toSorted()
    t.same(got, [bodies[0], bodies[2], bodies[1]!.repeat(2), bodies[3]!.repeat(2)].toSorted())
    await turn()
  }
})
