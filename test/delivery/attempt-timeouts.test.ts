import { createServer as createHttps } from 'node:https'
import t from 'tap'
import { Attempt } from '../../src/delivery/attempt.ts'
import type { Deadline } from '../../src/delivery/deadlines.ts'
import { Timers } from '../../src/delivery/timers.ts'
import { certificate } from '../helpers/certificates.ts'
import { answer, countedBody, cut, head, stallBeforeHeaders, stallInHeaders } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { Bench, dialling, givenUp, Recorder } from './support/parts.ts'
import { silentServer } from './support/tls.ts'

const SHORT = 120
const BODY = countedBody(5000)

/** How the attempt ended, having waited at least this long. */
async function endAfter(t: Tap, bench: Bench, ms: number, run: () => ReturnType<Bench['try']>) {
  const start = bench.timers.now()
  const { recorder } = run()
  const outcome = await recorder.finished()
  t.ok(bench.timers.now() - start >= ms, 'not before its time')
  t.equal(recorder.late, 0)
  return { outcome, recorder }
}
type Tap = Pick<typeof t, 'ok' | 'equal'>

for (const [name, script] of Object.entries({ stallBeforeHeaders, stallInHeaders })) {
  t.test(`${name}: the head is awaited for so long`, async (t) => {
    const upstream = await scriptedUpstream(t, script)
    const bench = new Bench(t)
    const run = () => bench.try(dialling('a', upstream.url), { head: SHORT })
    const { outcome, recorder } = await endAfter(t, bench, SHORT, run)
    t.equal(outcome, 'http_response_timeout')
    t.equal(recorder.sent, true)
    await givenUp(upstream)
  })
}

t.test('interim answers do not prolong the wait', async (t) => {
  const upstream = await scriptedUpstream(t, ['HTTP/1.1 103 Early Hints\r\n\r\n', 'stall!'])
  const bench = new Bench(t)
  const { outcome } = await endAfter(t, bench, SHORT, () => bench.try(dialling('a', upstream.url), { head: SHORT }))
  t.equal(outcome, 'http_response_timeout')
})

t.test('an upstream that accepts and never finishes its handshake', async (t) => {
  const silent = await silentServer(t)
  const bench = new Bench(t)
  const run = () => bench.try(dialling('a', silent.url), { connect: SHORT })
  const { outcome, recorder } = await endAfter(t, bench, SHORT, run)
  t.equal(outcome, 'connection_timeout')
  t.equal(recorder.sent, false)
})

t.test('a connection gets no more time than the head', async (t) => {
  const silent = await silentServer(t)
  const bench = new Bench(t)
  const { outcome } = await endAfter(t, bench, SHORT, () => bench.try(dialling('a', silent.url), { head: SHORT }))
  t.equal(outcome, 'connection_timeout')
})

t.test('time that the connection took is taken from the head', (t) => {
  class Watch extends Timers {
    ms = 5000
    readonly set: number[] = []
    override now(): number {
      return this.ms
    }
    override after(ms: number): Deadline {
      this.set.push(ms)
      return { cancel: () => {} }
    }
  }
  const watch = new Watch(() => {})
  const timeouts = { connect: 800, head: 1000, bodyIdle: 3000 }
  const attempt = new Attempt(dialling('a', 'http://127.0.0.1:1'), timeouts, watch, new Recorder())
  watch.ms += 700
  attempt.onConnect(() => {})
  t.strictSame(watch.set, [800, 300])
  t.end()
})

t.test('a stall within the body', async (t) => {
  const upstream = await scriptedUpstream(t, cut(BODY, 3000, 'stall!'))
  const bench = new Bench(t)
  const { outcome, recorder } = await endAfter(t, bench, SHORT, () =>
    bench.try(dialling('a', upstream.url), { bodyIdle: SHORT }),
  )
  t.equal(outcome, 'http_response_timeout')
  t.equal(recorder.body.length, 3000)
  await givenUp(upstream)
})

t.test('a body that keeps coming may take longer than the pause allowed', async (t) => {
  const bench = new Bench(t)
  const pauses = Array.from({ length: 6 }, () => Promise.withResolvers<void>())
  const pieces = pauses.flatMap(({ promise }) => [promise, 'x'])
  const upstream = await scriptedUpstream(t, [head(200, { 'content-length': '6' }), ...pieces])
  const idle = 400
  const { recorder } = bench.try(dialling('a', upstream.url), { bodyIdle: idle })
  const start = bench.timers.now()
  for (const { resolve } of pauses) {
    await bench.passes(100)
    resolve()
  }
  t.equal(await recorder.finished(), 'end')
  t.ok(bench.timers.now() - start > idle, 'it took longer in all')
})

t.test("a client that does not read is not the upstream's stall", async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, BODY))
  const bench = new Bench(t)
  const { attempt, recorder } = bench.try(dialling('a', upstream.url), { bodyIdle: 60 })
  recorder.accept = () => false
  await until(() => recorder.chunks.length > 0)
  await bench.passes(300)
  t.equal(recorder.outcome, null)
  recorder.accept = () => true
  attempt.resume()
  t.equal(await recorder.finished(), 'end')
  t.equal(recorder.body, BODY)
})

t.test('once the client reads again the upstream has the full time, and no more', async (t) => {
  const upstream = await scriptedUpstream(t, cut(BODY, 3000, 'stall!'))
  const bench = new Bench(t)
  const { attempt, recorder } = bench.try(dialling('a', upstream.url), { bodyIdle: SHORT })
  recorder.accept = () => false
  await until(() => recorder.chunks.length > 0)
  await bench.passes(3 * SHORT)
  recorder.accept = () => true
  const resumed = bench.timers.now()
  attempt.resume()
  t.equal(await recorder.finished(), 'http_response_timeout')
  t.ok(bench.timers.now() - resumed >= SHORT)
})

t.test('cancelled before it is connected: nothing is sent, nothing stays', async (t) => {
  const silent = await silentServer(t)
  const { cert, key } = certificate('localhost')
  let requests = 0
  const server = createHttps({ cert, key }, () => requests++)
  t.teardown(() => server.close())
  const bench = new Bench(t)
  const endpoint = dialling('a', silent.url)
  const { attempt, recorder } = bench.try({ ...endpoint, tls: { ...endpoint.tls!, verify: false } })
  await until(() => silent.sockets.size === 1)
  attempt.cancel()
  attempt.cancel()
  // Now the other side wakes up and shakes hands.
  for (const socket of silent.sockets) server.emit('connection', socket)
  await until(() => silent.sockets.size === 0, { what: 'the connection to be given up' })
  t.equal(requests, 0)
  t.same([recorder.head, recorder.outcome, recorder.late], [null, null, 0])
})

t.test('given up while a connection is being opened: that is given up as well', async (t) => {
  const silent = await silentServer(t)
  const bench = new Bench(t)
  const cancelled = bench.try(dialling('a', silent.url))
  const late = bench.try(dialling('a', silent.url), { connect: SHORT })
  await until(() => silent.sockets.size === 2)
  for (const socket of silent.sockets) socket.resume()
  cancelled.attempt.cancel()
  t.equal(await late.recorder.finished(), 'connection_timeout')
  await until(() => silent.sockets.size === 0, { what: 'both connections to be given up', timeout: 5_000 })
  await bench.transport.retire()
  t.same([cancelled.recorder.outcome, late.recorder.sent, late.recorder.late], [null, false, 0])
})

t.test('cancelled while it waits for the head, or within the body', async (t) => {
  const upstream = await scriptedUpstream(t, stallBeforeHeaders)
  const bench = new Bench(t)
  const waiting = bench.try(dialling('a', upstream.url))
  await upstream.received(1)
  waiting.attempt.cancel()
  await until(() => upstream.abandoned === 1)
  upstream.play(cut(BODY, 3000, 'stall!'))
  const reading = bench.try(dialling('a', upstream.url), { bodyIdle: SHORT })
  await until(() => reading.recorder.body.length === 3000)
  reading.attempt.cancel()
  await until(() => upstream.abandoned === 2)
  await bench.passes(2 * SHORT)
  t.same([waiting.recorder.outcome, reading.recorder.outcome], [null, null])
})
