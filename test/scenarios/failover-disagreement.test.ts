import t from 'tap'
import { type Gateway, startGatewayHere } from '../helpers/gateway.ts'
import * as wrong from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { RecordedRequest } from '../helpers/recorded-request.ts'
import type { Scope } from '../helpers/scope.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

const BODY = wrong.countedBody(300_000)
const SENT = 120_000
const LENGTH = BODY.length

/** What the second CDN says to the request for the rest: fields that replace the right ones, null takes one out. */
type Changes = Readonly<Record<string, string | null>>

/** The right answer to a Range request of the form `bytes=N-` or `bytes=N-M`, with changes. */
function rest(request: RecordedRequest, changes: Changes = {}, status = 206): Step[] {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.header('range') ?? '')
  const from = Number(match?.[1] ?? 0)
  const to = match?.[2] ? Number(match[2]) : LENGTH - 1
  const fields: Record<string, string | null> = {
    etag: '"a"',
    'content-range': `bytes ${from}-${to}/${LENGTH}`,
    'content-length': String(to - from + 1),
    ...changes,
  }
  const kept = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null)
  return [wrong.head(status, Object.fromEntries(kept)), BODY.slice(from, to + 1)]
}

function shifted(request: RecordedRequest): Step[] {
  return rest(request, { 'content-range': `bytes ${SENT - 1}-${LENGTH - 2}/${LENGTH}` })
}

interface Disagreement {
  /** Fields of the first CDN's answer. */
  readonly first?: wrong.Fields
  readonly second: (request: RecordedRequest) => readonly Step[]
}

const MULTIPART = { 'content-type': 'multipart/byteranges; boundary=x', 'content-range': null }

const DISAGREEMENTS: Readonly<Record<string, Disagreement>> = {
  'another ETag': { second: (request) => rest(request, { etag: '"b"' }) },
  'no ETag': { second: (request) => rest(request, { etag: null }) },
  'an ETag made weak': { second: (request) => rest(request, { etag: 'W/"a"' }) },
  'weak ETags': { first: { etag: 'W/"a"' }, second: (request) => rest(request, { etag: 'W/"a"' }) },
  'a last ETag of two': { second: (request) => rest(request, { etag: '"b"\r\netag: "a"' }) },
  'another length': { second: (request) => rest(request, { 'content-range': `bytes ${SENT}-${LENGTH - 1}/400000` }) },
  'an unknown length': { second: (request) => rest(request, { 'content-range': `bytes ${SENT}-${LENGTH - 1}/*` }) },
  'another coding': { second: (request) => rest(request, { 'content-encoding': 'gzip' }) },
  'a coding missing': { first: { 'content-encoding': 'br' }, second: (request) => rest(request) },
  'a part that begins earlier': { second: shifted },
  'a part that ends earlier': {
    second: (request) => rest(request, { 'content-range': `bytes ${SENT}-${LENGTH - 2}/${LENGTH}` }),
  },
  'a 206 that does not say which part': { second: (request) => rest(request, { 'content-range': null }) },
  'several parts': { second: (request) => rest(request, MULTIPART) },
  'a 200 with the whole': { second: () => wrong.answer(200, BODY, { etag: '"a"' }) },
  'a 200 with the rest': { second: (request) => rest(request, { 'content-range': null }, 200) },
  'a 200 that claims a part': { second: (request) => rest(request, {}, 200) },
  'a 416': { second: () => wrong.answer(416, '', { 'content-range': `bytes */${LENGTH}`, etag: '"a"' }) },
  'a 404': { second: () => wrong.answer(404, 'no', { etag: '"a"' }) },
  'a 503': { second: () => wrong.answer(503, 'no', { etag: '"a"' }) },
}

interface Bench {
  readonly first: ScriptedUpstream
  readonly second: ScriptedUpstream
  readonly gateway: Gateway
}

async function bench(scope: Scope): Promise<Bench> {
  const [first, second] = await Promise.all([scriptedUpstream(scope, []), scriptedUpstream(scope, [])])
  const edges = [
    { name: 'fra', url: first.url },
    { name: 'iad', url: second.url },
  ]
  const retry = { per_try_timeout: '2s', body_idle_timeout: '1s', budget_per_second: 1000 }
  const outlier = { consecutive_failures: 1000, min_requests: 100_000 }
  const config = topology({ edges, policy: { strategy: 'failover', retry, outlier_detection: outlier } })
  return { first, second, gateway: await startGatewayHere(scope, config) }
}

/** How the answer ended for a client of that version, and what body it has got. */
async function ask(scope: Scope, gateway: Gateway, version: string) {
  const client = await rawClient(scope, gateway)
  client.send(`GET /x HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`)
  const end = await client.ended()
  client.close()
  const [head = '', ...body] = client.text.split('\r\n\r\n')
  return { end, head, body: body.join('\r\n\r\n') }
}

t.test('CDNs that disagree are never spliced: the answer is visibly cut', async (t) => {
  const { first, second, gateway } = await bench(t)
  let aborted = 0
  for (const [what, { first: fields = { etag: '"a"' }, second: play }] of Object.entries(DISAGREEMENTS)) {
    for (const version of ['1.1', '1.0']) {
      first.play(wrong.cut(BODY, SENT, 'end!', fields))
      second.play(play)
      const got = await ask(t, gateway, version)
      const name = `${what}, HTTP/${version}`
      t.match(got.head, /^HTTP\/1\.1 200 /, name)
      t.equal(got.end, 'reset', `${name}: visible`)
      t.ok(got.body.length <= SENT && BODY.startsWith(got.body), `${name}: nothing of the second`, {
        bytes: got.body.length,
      })
      aborted++
    }
  }
  const counted = async () => (await gateway.metrics()).sum('polycdn_aborted_responses_total')
  await until(async () => (await counted()) === aborted, { what: 'each cut to be counted' })
  t.equal((await gateway.metrics()).sum('polycdn_resumes_total', { result: 'resumed' }), 0)
})

t.test('a chunked answer that is not continued is no whole one on HTTP/1.0, where only the end tells', async (t) => {
  const { first, second, gateway } = await bench(t)
  first.play(wrong.cutChunked(BODY.slice(0, SENT), 'end!', { etag: '"a"' }))
  second.play((request) => rest(request, { etag: '"b"' }))
  const got = await ask(t, gateway, '1.0')
  t.equal(got.end, 'reset')
  t.notMatch(got.head.toLowerCase(), 'content-length')
})

t.test('CDNs that agree are spliced', async (t) => {
  const { first, second, gateway } = await bench(t)
  second.play((request) => rest(request))
  for (const version of ['1.1', '1.0']) {
    first.play(wrong.cut(BODY, SENT, 'end!', { etag: '"a"' }))
    t.ok((await ask(t, gateway, version)).body === BODY, `HTTP/${version}, with a length`)
    first.play(wrong.cutChunked(BODY.slice(0, SENT), 'end!', { etag: '"a"' }))
    const chunked = await ask(t, gateway, version)
    t.equal(chunked.end, 'fin', `HTTP/${version}, in chunks`)
    if (version === '1.0') t.ok(chunked.body === BODY)
  }
  t.match(second.requests[0]?.header('range'), /^bytes=120000-(299999)?$/)
  t.equal(second.requests[0]?.header('if-range'), '"a"')
  const encodings = [first, second].map(({ requests }) => requests[0]?.header('accept-encoding'))
  t.equal(encodings[0], encodings[1], 'the rest is asked for in the same coding')
})

t.test('a whole answer to the request for the rest is not read to its end', async (t) => {
  const { first, second, gateway } = await bench(t)
  first.play(wrong.cut(BODY, SENT, 'end!', { etag: '"a"' }))
  second.play([wrong.head(200, { 'content-length': '900000000', etag: '"a"' }) + BODY, 'stall!'])
  t.equal((await ask(t, gateway, '1.1')).end, 'reset')
  await until(() => second.abandoned === 1, { what: 'the end of the whole answer' })
})
