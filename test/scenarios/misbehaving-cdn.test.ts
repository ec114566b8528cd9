import t from 'tap'
import { type Gateway, startGatewayHere } from '../helpers/gateway.ts'
import * as wrong from '../helpers/misbehaviour.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import type { Scope } from '../helpers/scope.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

interface Bench {
  readonly bad: ScriptedUpstream
  readonly good: ScriptedUpstream
  readonly gateway: Gateway
  send(request?: string): Promise<RawClient>
}

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'

/** The first CDN misbehaves, the second is well. Nothing is ejected, so that each request meets the first. */
async function bench(scope: Scope, retry: Record<string, unknown> = {}): Promise<Bench> {
  const [bad, good] = await Promise.all([
    scriptedUpstream(scope, []),
    scriptedUpstream(scope, wrong.answer(200, 'good')),
  ])
  const edges = [
    { name: 'fra', url: bad.url },
    { name: 'iad', url: good.url },
  ]
  const policy = { retry: { per_try_timeout: '300ms', ...retry }, outlier_detection: { consecutive_failures: 1000 } }
  const gateway = await startGatewayHere(scope, {
    ...topology({ edges, policy }),
    geoip: { overrides: { '192.0.2.0/24': 'FRA' } },
  })
  const send = async (request = GET) => {
    const client = await rawClient(scope, gateway)
    return client.send(request.replace('\r\n\r\n', '\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n'))
  }
  return { bad, good, gateway, send }
}

const BEFORE_THE_BODY: readonly (readonly [what: string, steps: readonly Step[]])[] = [
  ['a reset before headers', wrong.resetBeforeHeaders],
  ['an end before headers', wrong.endBeforeHeaders],
  ['a stall before headers', wrong.stallBeforeHeaders],
  ['a stall in headers', wrong.stallInHeaders],
  ['garbage', wrong.garbage],
  ['a 503', wrong.answer(503, 'sorry')],
  ['a 522', wrong.answer(522, 'sorry')],
  ['an endless flood of interim answers', wrong.endlessInterim()],
  ['a transfer coding nobody asked for', wrong.oddTransferEncoding()],
  ['a field of 100 KiB', wrong.headerFlood(1, 100_000)],
  ['a status of two digits', [wrong.head(99, { 'content-length': '0' })]],
  ['a status beyond 599', [wrong.head(999, { 'content-length': '0' })]],
  ['a switch of protocols nobody asked for', [wrong.head(101, { upgrade: 'x', connection: 'upgrade' }), 'stall!']],
  ['two lengths', ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc', 'end!']],
]

t.test('a CDN that fails before its body is replaced by the next, unseen', async (t) => {
  const { bad, good, gateway, send } = await bench(t)
  for (const [what, steps] of BEFORE_THE_BODY) {
    bad.play(steps)
    const [before, had] = [good.requests.length, bad.requests.length]
    const client = await send()
    const [got] = await client.responses(1)
    t.equal(got?.status, 200, what)
    t.equal(got?.body.toString(), 'good', what)
    t.ok(bad.requests.length > had, `${what} was met`)
    t.equal(good.requests.length, before + 1, what)
    client.close()
  }
  await bad.refuse()
  const [got] = await (await send()).responses(1)
  t.equal(got?.body.toString(), 'good', 'a refused connection')
  const metrics = await gateway.metrics()
  t.equal(metrics.sum('polycdn_failovers_total', { from: 'fra', to: 'iad' }), BEFORE_THE_BODY.length + 1)
  t.equal(metrics.sum('polycdn_requests_total', { cdn: 'iad', code: '2xx' }), BEFORE_THE_BODY.length + 1)
})

const BODY = wrong.countedBody(300_000)
const IN_THE_BODY: readonly (readonly [what: string, steps: readonly Step[]])[] = [
  ['a reset', wrong.cut(BODY, 200_000, 'reset!')],
  ['an end before the length', wrong.cut(BODY, 200_000, 'end!')],
  ['a stall', wrong.cut(BODY, 200_000, 'stall!')],
  ['a reset between chunks', wrong.cutChunked(BODY, 'reset!')],
  ['an end without the last chunk', wrong.cutChunked(BODY, 'end!')],
  ['a stall between chunks', wrong.cutChunked(BODY, 'stall!')],
]

t.test('a CDN that fails in its body gives an answer that is visibly cut, never one that looks complete', async (t) => {
  const { bad, gateway, send } = await bench(t, { body_idle_timeout: '300ms' })
  for (const version of ['1.1', '1.0']) {
    for (const [what, steps] of IN_THE_BODY) {
      // A reset overtakes what was sent before it: the gateway must have passed something on first.
      const passedOn = Promise.withResolvers<void>()
      bad.play([...steps.slice(0, -1), passedOn.promise, steps.at(-1)!])
      const client = await send(GET.replace('1.1', version))
      await client.received(BODY.slice(0, 1000))
      passedOn.resolve()
      const end = await client.ended()
      const complete = await client.responses(1, [], 0).catch(() => [])
      if (version === '1.0') t.equal(end, 'reset', `${what}, HTTP/1.0: without a length only a reset is visible`)
      t.same(complete, [], `${what}, HTTP/${version}`)
      client.close()
    }
  }
  const aborted = async () => (await gateway.metrics()).sum('polycdn_aborted_responses_total', { cdn: 'fra' })
  await until(async () => (await aborted()) === 2 * IN_THE_BODY.length, { what: 'each cut to be counted' })
})

t.test('odd but right answers pass', async (t) => {
  const { bad, good, send } = await bench(t)
  const one = async (steps: readonly Step[], request?: string) => {
    bad.play(steps)
    const client = await send(request)
    return (await client.responses(1, [(request ?? GET).split(' ')[0]!]))[0]!
  }
  const flooded = await one(wrong.interimFlood(3))
  t.same([flooded.status, flooded.body.toString()], [200, 'ok\n'])
  const conditional = GET.replace('\r\n\r\n', '\r\nIf-None-Match: "1"\r\n\r\n')
  const fresh = await one(wrong.bodilessWithLength(304, { etag: '"1"' }), conditional)
  t.same([fresh.status, fresh.body.length, field(fresh, 'etag')], [304, 0, '"1"'])
  const none = await one(wrong.bodilessWithLength(204))
  t.same([none.status, none.body.length], [204, 0])
  const head = await one([wrong.head(200, { 'content-length': '5000' })], GET.replace('GET', 'HEAD'))
  t.same([head.status, field(head, 'content-length')], [200, '5000'])
  const chunked = await one(wrong.chunked(['ab', 'c'.repeat(70_000), 'd']))
  t.equal(chunked.body.toString(), `ab${'c'.repeat(70_000)}d`)
  const untilClose = await one([wrong.head(200, { connection: 'close' }), 'all of it', 'end!'])
  t.same([untilClose.status, untilClose.body.toString()], [200, 'all of it'])
  const missing = await one(wrong.answer(404, 'no'))
  t.same([missing.status, missing.body.toString()], [404, 'no'])
  t.equal(good.requests.length, 0)
})

t.test('a client that goes away ends the request at the CDN, and is charged to nobody', async (t) => {
  const { bad, good, gateway, send } = await bench(t, { per_try_timeout: '60s', timeout: '60s' })
  bad.play(wrong.cut(BODY, 1000, 'stall!'))
  const inBody = await send()
  await inBody.received(BODY.slice(0, 1000))
  inBody.reset()
  await until(() => bad.abandoned === 1, { what: 'the end at the CDN, in its body' })
  bad.play(wrong.stallBeforeHeaders)
  const waiting = await send()
  await bad.received(2)
  waiting.reset()
  await until(() => bad.abandoned === 2, { what: 'the end at the CDN, before headers' })
  t.equal(good.requests.length, 0, 'nobody else is asked')
  const failovers = (await gateway.metrics()).sum('polycdn_failovers_total')
  t.equal(failovers, 0)
})
