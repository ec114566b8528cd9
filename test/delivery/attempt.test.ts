import t from 'tap'
import {
  answer,
  bodilessWithLength,
  chunked,
  countedBody,
  cut,
  cutChunked,
  endBeforeHeaders,
  endlessInterim,
  garbage,
  head,
  headerFlood,
  interimFlood,
  oddTransferEncoding,
  resetBeforeHeaders,
} from '../helpers/misbehaviour.ts'
import { type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { Bench, dialling, givenUp } from './support/parts.ts'

const BODY = countedBody(10_000)

t.test('a good answer arrives whole, and the request as it was made', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, BODY, { 'x-one': '1' }))
  const bench = new Bench(t)
  const headers = ['host', 'www.example.com', 'X-Odd', 'a', 'x-odd', 'b']
  const { attempt, recorder } = bench.try(dialling('a', upstream.url), {}, { path: '/p%20q?r=//', headers })
  t.equal(await recorder.finished(), 'end')
  t.equal(recorder.head!.status, 200)
  t.match(recorder.head!.rawHeaders.map(String), ['content-length', '10000', 'x-one', '1'])
  t.equal(recorder.body, BODY)
  t.equal(attempt.endpoint.key, `a|${upstream.url}`)
  const [request] = upstream.requests
  t.equal(request!.target, '/p%20q?r=//')
  t.equal(request!.header('host'), 'www.example.com')
  t.equal(request!.header('x-odd'), 'a, b')
})

/** What an upstream does → how the attempt ends, whether a head came, and how much of a body. */
const ANSWERS: Readonly<Record<string, readonly [script: readonly Step[], outcome: string, bytes: number | null]>> = {
  chunks: [chunked([BODY, BODY]), 'end', 20_000],
  'a coding named Chunked': [chunked(['abc'], { 'transfer-encoding': 'Chunked' }), 'end', 3],
  'a body that ends with the connection': [[`${head(200)}${BODY}`, 'end!'], 'end', 10_000],
  'an empty body': [answer(200, ''), 'end', 0],
  'status 599': [answer(599), 'end', 3],
  '204 with a length': [bodilessWithLength(204), 'end', 0],
  '304 with a length': [bodilessWithLength(304), 'end', 0],
  '103 before the answer': [interimFlood(1), 'end', 3],
  'eight interim answers': [interimFlood(8), 'end', 3],
  'nine interim answers': [interimFlood(9), 'http_protocol_error', null],
  'endless interim answers': [endlessInterim(), 'http_protocol_error', null],
  '100 that nobody asked for': [interimFlood(1, 100), 'end', 3],
  '101 that nobody asked for': [
    ['HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', 'stall!'],
    'http_protocol_error',
    null,
  ],
  'a coding before chunked': [oddTransferEncoding('gzip, chunked'), 'http_protocol_error', null],
  'a coding without chunked': [oddTransferEncoding('gzip'), 'http_protocol_error', null],
  identity: [oddTransferEncoding('identity'), 'http_protocol_error', null],
  'status 700': [answer(700), 'http_protocol_error', null],
  'status 999': [answer(999), 'http_protocol_error', null],
  'status 099': [answer(200).with(0, 'HTTP/1.1 099 Odd\r\ncontent-length: 3\r\n\r\n'), 'http_protocol_error', null],
  'no HTTP at all': [garbage, 'http_protocol_error', null],
  'a length that is no number': [[head(200, { 'content-length': 'x' }), 'stall!'], 'http_protocol_error', null],
  'a length and chunks at once': [cutChunked('abc', 'end!', { 'content-length': '3' }), 'http_protocol_error', null],
  'more header than 64 KiB': [headerFlood(200, 1000), 'http_protocol_error', null],
  'a reset before the head': [resetBeforeHeaders, 'connection_terminated', null],
  'an end before the head': [endBeforeHeaders, 'connection_terminated', null],
  'a reset within the length': [cut(BODY, 4000, 'reset!'), 'http_response_incomplete', 4000],
  'an end within the length': [cut(BODY, 4000, 'end!'), 'http_response_incomplete', 4000],
  'a reset between chunks': [cutChunked(BODY, 'reset!'), 'http_response_incomplete', 10_000],
  'an end between chunks': [cutChunked(BODY, 'end!'), 'http_response_incomplete', 10_000],
  'a reset of a body without a length': [[`${head(200)}${BODY}`, 'reset!'], 'http_response_incomplete', 10_000],
}

/** The one goes through our own client, the other through undici. */
for (const [method, close] of [
  ['GET', false],
  ['GET', true],
  ['OPTIONS', false],
  ['OPTIONS', true],
] as const) {
  for (const [name, [script, outcome, bytes]] of Object.entries(ANSWERS)) {
    t.test(`${method}: ${name}${close ? ', and the connection is to close' : ''}`, async (t) => {
      const upstream = await scriptedUpstream(t, close ? script.map(closing) : script)
      const { recorder } = new Bench(t).try(dialling('a', upstream.url), {}, { method })
      t.equal(await recorder.finished(), outcome)
      t.equal(recorder.head !== null, bytes !== null, 'a head')
      // What a reset overtakes may be lost with it.
      if (script.includes('reset!')) t.ok(recorder.body.length <= (bytes ?? 0))
      else t.equal(recorder.body.length, bytes ?? 0)
      if (outcome !== 'end') t.equal(recorder.sent, true)
      if (outcome !== 'end' && script.includes('stall!')) await givenUp(upstream)
      t.equal(recorder.late, 0)
    })
  }
}

/** The last head of a script with Connection: close. */
function closing(step: Step): Step {
  return typeof step === 'string' ? step.replace(/(HTTP\/1\.1 [2-9]\d\d .*\r\n)/g, '$1connection: close\r\n') : step
}

t.test('HEAD ends with the head, whatever length it names', async (t) => {
  const upstream = await scriptedUpstream(t, [head(200, { 'content-length': '12345' })])
  const { recorder } = new Bench(t).try(dialling('a', upstream.url), {}, { method: 'HEAD' })
  t.equal(await recorder.finished(), 'end')
  t.equal(upstream.requests[0]!.method, 'HEAD')
  t.equal(recorder.body, '')
})

t.test("what cannot be sent is nobody else's fault", async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const bench = new Bench(t)
  for (const headers of [
    ['x-bad', 'a\nb'],
    ['expect', '100-continue'],
    ['transfer-encoding', 'chunked'],
  ]) {
    const { recorder } = bench.try(dialling('a', upstream.url), {}, { headers })
    t.equal(await recorder.finished(), 'internal_error')
    t.equal(recorder.sent, false)
  }
  t.equal(upstream.connections, 0)
})

t.test('connections are kept for the next attempt', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const bench = new Bench(t)
  for (let i = 0; i < 5; i++) t.equal(await bench.try(dialling('a', upstream.url)).recorder.finished(), 'end')
  t.equal(upstream.connections, 1)
  t.equal(upstream.requests.length, 5)
})

t.test('a refused connection: nothing was sent', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  await upstream.refuse()
  const { recorder } = new Bench(t).try(dialling('a', upstream.url))
  t.equal(await recorder.finished(), 'connection_refused')
  t.equal(recorder.sent, false)
})
