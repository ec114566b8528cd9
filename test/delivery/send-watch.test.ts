import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { SendWatch, socketOutlet } from '../../src/delivery/send-watch.ts'
import type { Timers } from '../../src/delivery/timers.ts'
import { ResponseWriter } from '../../src/delivery/writer.ts'
import { SteppedTimers } from '../health/support/stepped-timers.ts'
import { CA, certificate } from '../helpers/certificates.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const TIMEOUT = 1000

t.test('it looks only while something waits, and a byte begins anew', async (t) => {
  const timers = new SteppedTimers()
  const outlet = { waiting: true, taken: 0 }
  let stalls = 0
  const onStall = () => stalls++
  const watch = new SendWatch(outlet, { timers: timers as unknown as Timers, timeout: TIMEOUT, onStall })
  t.equal(timers.waiting, 0)
  watch.wait()
  watch.wait()
  t.equal(timers.waiting, 1)
  timers.advance(900)
  outlet.taken = 1
  timers.advance(1000)
  t.equal(stalls, 0)
  outlet.waiting = false
  timers.advance(250)
  t.equal(timers.waiting, 0, 'nothing waits, nothing looks')
  outlet.waiting = true
  watch.wait()
  timers.advance(1000)
  t.equal(stalls, 1)
  t.equal(timers.waiting, 0)
  watch.wait()
  watch.stop()
  timers.advance(10_000)
  t.equal(stalls, 1)
})

async function listening(scope: Scope, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

interface Answer {
  readonly writer: ResponseWriter
  readonly response: ServerResponse
  readonly timers: SteppedTimers
  /** Times that the client was found gone. */
  gone: number
}

/** The next request's answer, full of bytes that its client does not read. */
async function stalledAnswer(server: Server): Promise<Answer> {
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  const timers = new SteppedTimers()
  const writer = new ResponseWriter(response, { timers: timers as unknown as Timers, timeout: TIMEOUT })
  const answer = { writer, response, timers, gone: 0 }
  writer.watch(
    () => {},
    () => answer.gone++,
  )
  response.writeHead(200)
  const chunk = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 64; i++) writer.write(chunk)
  await quiet(response)
  return answer
}

/** The kernel takes no more. */
async function quiet(response: ServerResponse): Promise<void> {
  const { socket, stream } = response as ServerResponse & { readonly stream?: object }
  if (stream !== undefined) return
  const outlet = socketOutlet(socket!)
  let before = -1
  await until(() => {
    const same = outlet.taken === before
    before = outlet.taken
    return same
  })
}

t.test('a client that takes nothing is reset, before the end of its answer and after it', async (t) => {
  for (const ended of [false, true]) {
    const server = createServer()
    const port = await listening(t, server)
    const client = await rawClient(t, { port })
    client.send(GET)
    client.socket.pause()
    const answer = await stalledAnswer(server)
    if (ended) answer.writer.end()
    answer.timers.advance(TIMEOUT / 2)
    t.equal(answer.response.destroyed, false, 'not yet')
    answer.timers.advance(TIMEOUT)
    t.equal(answer.response.destroyed, true)
    client.socket.resume()
    t.equal(await client.ended(), 'reset')
    t.equal(answer.gone, ended ? 0 : 1, 'whoever delivers is told, if the answer was not done')
    await until(() => answer.timers.waiting === 0)
  }
})

t.test('an answer that is sent in one piece is watched too', async (t) => {
  const server = createServer()
  const port = await listening(t, server)
  const client = await rawClient(t, { port })
  client.send(GET)
  client.socket.pause()
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  const timers = new SteppedTimers()
  const writer = new ResponseWriter(response, { timers: timers as unknown as Timers, timeout: TIMEOUT })
  writer.head(200, [])
  writer.end('x'.repeat(32 * 1024 * 1024))
  await quiet(response)
  timers.advance(TIMEOUT * 1.5)
  client.socket.resume()
  t.equal(await client.ended(), 'reset')
})

t.test('a client that reads a little in time keeps its connection', async (t) => {
  const server = createServer()
  const port = await listening(t, server)
  const client = await rawClient(t, { port })
  client.send(GET)
  client.socket.pause()
  const answer = await stalledAnswer(server)
  const outlet = socketOutlet(answer.response.socket!)
  for (let i = 0; i < 4; i++) {
    answer.timers.advance(TIMEOUT * 0.75)
    const before = outlet.taken
    client.socket.resume()
    // The kernel takes more only when the reader has made much room.
    await until(() => outlet.taken > before)
    client.socket.pause()
    await quiet(answer.response)
  }
  t.equal(answer.response.destroyed, false)
  answer.timers.advance(TIMEOUT * 1.5)
  t.equal(answer.response.destroyed, true, 'and loses it when it reads no more')
})

t.test('the same below TLS', async (t) => {
  const server = createSecureServer(certificate('localhost'))
  const port = await listening(t, server)
  const socket = connectTls({ port, host: '127.0.0.1', ca: CA, servername: 'localhost' })
  socket.pause()
  socket.write(GET)
  const answer = await stalledAnswer(server)
  const failed = once(socket, 'error')
  answer.timers.advance(TIMEOUT * 1.5)
  await until(() => answer.gone)
  socket.resume()
  t.match(await failed, [{ code: 'ECONNRESET' }])
})

t.test('over HTTP/2 the stream ends that is not read, and others go on', async (t) => {
  const server = createHttp2Server()
  const port = await listening(t, server)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => session.close())
  const stalled = session.request({ ':path': '/' })
  stalled.pause()
  const answer = await stalledAnswer(server)
  const failed = once(stalled, 'error')
  answer.timers.advance(TIMEOUT * 1.5)
  await until(() => answer.gone)
  stalled.resume()
  await failed.catch(() => {})
  t.equal(stalled.rstCode, 11, 'ENHANCE_YOUR_CALM')
  server.once('request', (_request, response) => response.end('fine'))
  const other = session.request({ ':path': '/' })
  const [chunk] = await once(other, 'data')
  t.equal(String(chunk), 'fine')
})
