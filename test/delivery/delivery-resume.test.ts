import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { get } from '../helpers/http.ts'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { front } from './support/front.ts'
import { dialling } from './support/parts.ts'

const BODY = Buffer.from(countedBody(1_000_000))

interface EdgeSpec {
  readonly etag?: string | null
  readonly body?: Buffer
  /** Breaks the connection after so many bytes of an answer. */
  readonly diesAfter?: number
  readonly fields?: Record<string, string>
  readonly chunked?: boolean
  readonly ignoresRange?: boolean
}

/** An edge that knows ranges and dies as told. */
async function edge(scope: Scope, name: string, spec: EdgeSpec = {}) {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.range)
    serve(request, response, spec)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const endpoint = dialling(name, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return { endpoint, asked }
}

function serve(request: IncomingMessage, response: ServerResponse, spec: EdgeSpec): void {
  const { etag = '"v1"', body = BODY, diesAfter, fields = {}, chunked = false, ignoresRange = false } = spec
  const match = ignoresRange ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const stale = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag
  const partial = match !== null && !stale
  const first = partial ? Number(match[1]) : 0
  const last = partial && match[2] !== '' ? Number(match[2]) : body.length - 1
  const part = body.subarray(first, last + 1)
  const headers: Record<string, string> = { ...fields }
  if (etag !== null) headers.etag = etag
  if (partial) headers['content-range'] = `bytes ${first}-${last}/${body.length}`
  if (!chunked) headers['content-length'] = String(part.length)
  response.writeHead(partial ? 206 : 200, headers)
  if (diesAfter === undefined) return void response.end(part)
  response.write(part.subarray(0, diesAfter), () => setImmediate(() => request.socket.destroy()))
}

const sha = (body: Buffer | string) => createHash('sha256').update(body).digest('hex')

t.test('a body that breaks off goes on at the next endpoint, and the client sees nothing of it', async (t) => {
  for (const chunked of [false, true]) {
    const a = await edge(t, 'a', { diesAfter: 300_000, chunked })
    const b = await edge(t, 'b')
    const gateway = await front(t, { candidates: [a.endpoint, b.endpoint] })
    const got = await get(gateway.url)
    t.equal(sha(got.body), sha(BODY), chunked ? 'chunked' : 'with a length')
    const delivered = await gateway.delivered()
    t.match(delivered, { status: 200, servedBy: b.endpoint, error: null, aborted: false })
    t.match(delivered.resumes, [{ from: a.endpoint, to: b.endpoint, result: 'resumed' }])
    t.match(b.asked, [/^bytes=\d+-\d*$/])
    t.equal(gateway.health(a.endpoint), 'ejected', 'charged, although the resume hid it')
  }
})

t.test('several switches in one body', async (t) => {
  const names = ['a', 'b', 'c']
  const dying = await Promise.all(names.map((name) => edge(t, name, { diesAfter: 300_000 })))
  const gateway = await front(t, {
    candidates: dying.map(({ endpoint }) => endpoint),
    outlier: { consecutiveFailures: 99 },
  })
  t.equal(sha((await get(gateway.url)).body), sha(BODY))
  t.equal((await gateway.delivered()).resumes.length, 3)
})

t.test('a range goes on within itself', async (t) => {
  const a = await edge(t, 'a', { diesAfter: 10_000 })
  const b = await edge(t, 'b')
  const gateway = await front(t, { candidates: [a.endpoint, b.endpoint] })
  const got = await get(gateway.url, { headers: { range: 'bytes=100000-599999' } })
  t.equal(got.status, 206)
  t.equal(sha(got.body), sha(BODY.subarray(100_000, 600_000)))
  t.match(b.asked, [/^bytes=1\d+-599999$/])
})

t.test('the origin may have the rest', async (t) => {
  const a = await edge(t, 'a', { diesAfter: 300_000 })
  const origin = await edge(t, 'origin')
  const gateway = await front(t, {
    candidates: [a.endpoint],
    origin: [{ ...origin.endpoint, cdn: null }],
    retry: { attempts: 1 },
  })
  t.equal(sha((await get(gateway.url)).body), sha(BODY))
})

const other = Buffer.from(BODY)
other[900_000] = 0

const DISAGREE: Record<string, EdgeSpec> = {
  'another ETag': { etag: '"v2"', body: other },
  'a weak ETag': { etag: 'W/"v1"' },
  'no ETag': { etag: null },
  'another length': { body: Buffer.concat([BODY, BODY]) },
  'another coding': { fields: { 'content-encoding': 'gzip' } },
  'the whole again': { ignoresRange: true },
}

for (const [name, spec] of Object.entries(DISAGREE)) {
  t.test(`${name} is never spliced: the answer is visibly cut`, async (t) => {
    const a = await edge(t, 'a', { diesAfter: 300_000 })
    const b = await edge(t, 'b', spec)
    const gateway = await front(t, { candidates: [a.endpoint, b.endpoint], retry: { attempts: 2 } })
    for (const version of ['1.1', '1.0']) {
      const client = await rawClient(t, { port: gateway.port })
      client.send(`GET / HTTP/${version}\r\nhost: x\r\n\r\n`)
      t.equal(await client.ended(), 'reset', `HTTP/${version}`)
    }
    const delivered = await gateway.delivered(2)
    t.match(delivered, { aborted: true, error: 'resume_mismatch' })
    t.ok(delivered.resumes.every(({ result }) => result === 'refused'))
    t.equal(gateway.health(b.endpoint), 'healthy', 'to have something else is no illness')
  })
}

t.test(
  'what cannot be proved is not tried: an answer with a weak ETag, and one where it is switched off',
  async (t) => {
    const weak = await edge(t, 'a', { etag: 'W/"v1"', diesAfter: 300_000 })
    const strong = await edge(t, 'a', { diesAfter: 300_000 })
    const b = await edge(t, 'b')
    const off = { enabled: false, require: 'strong-etag' } as const
    for (const spec of [
      { candidates: [weak.endpoint, b.endpoint] },
      { candidates: [strong.endpoint, b.endpoint], resume: off },
    ]) {
      const gateway = await front(t, spec)
      await t.rejects(get(gateway.url))
      t.match(await gateway.delivered(), { aborted: true, resumes: [] })
    }
    t.strictSame(b.asked, [])
  },
)

t.test('length and date may prove it, where that was opted in to', async (t) => {
  const fields = { 'last-modified': 'Thu, 01 Oct 2026 10:00:00 GMT' }
  const a = await edge(t, 'a', { etag: null, fields, diesAfter: 300_000 })
  const b = await edge(t, 'b', { etag: fields['last-modified'], fields })
  const resume = { enabled: true, require: 'length-and-date' } as const
  const gateway = await front(t, { candidates: [a.endpoint, b.endpoint], resume })
  t.equal(sha((await get(gateway.url)).body), sha(BODY))
})

const RANGED = 'GET / HTTP/1.1\r\nhost: x\r\nrange: bytes=0-99\r\n\r\n'

t.test('an answer that promises two lengths is served by nobody', async (t) => {
  for (const [range, length] of [
    ['bytes 0-99/100', 50],
    ['bytes 0-49/100', 100],
  ] as const) {
    const fields = { 'content-range': range, 'content-length': String(length), etag: '"v1"' }
    const liar = await scriptedUpstream(t, [`${head(206, fields)}${'x'.repeat(length)}`])
    const b = await edge(t, 'b', { body: Buffer.alloc(100, 'b') })
    const gateway = await front(t, { candidates: [dialling('a', liar.url), b.endpoint] })
    const client = (await rawClient(t, { port: gateway.port })).send(RANGED)
    const [got] = await client.responses(1)
    t.match(got, { status: 206 })
    t.equal(got!.body.toString(), 'b'.repeat(100))
  }
})

t.test('a part that is shorter than its range is visibly cut, with or without a proof', async (t) => {
  const fields = { 'content-range': 'bytes 0-99/100', etag: 'W/"v1"', connection: 'close' }
  const a = await scriptedUpstream(t, [`${head(206, fields)}${'x'.repeat(50)}`, 'end!'])
  const gateway = await front(t, { candidates: [dialling('a', a.url)] })
  const client = (await rawClient(t, { port: gateway.port })).send(RANGED)
  t.equal(await client.ended(), 'reset')
  t.match(await gateway.delivered(), { aborted: true, error: 'http_response_incomplete' })
})

t.test('a body of unknown length has one from the first switch on: another is refused at the second', async (t) => {
  const small = BODY.subarray(0, 100_000)
  const a = await edge(t, 'a', { body: small, chunked: true, diesAfter: 10_000 })
  const b = await edge(t, 'b', { body: small, diesAfter: 10_000 })
  const c = await edge(t, 'c', { body: BODY })
  const gateway = await front(t, { candidates: [a.endpoint, b.endpoint, c.endpoint] })
  const client = (await rawClient(t, { port: gateway.port })).send('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  t.equal(await client.ended(), 'reset')
  t.match(
    (await gateway.delivered()).resumes.map(({ result }) => result),
    ['resumed', 'refused'],
  )
})

t.test('blame does not wait for a client to read to the end', async (t) => {
  const a = await scriptedUpstream(t, answer(503, 'broken'))
  const b = await scriptedUpstream(t, [`${head(200, { 'content-length': '100' })}x`, 'stall!'])
  const broken = dialling('a', a.url)
  const gateway = await front(t, { candidates: [broken, dialling('b', b.url)] })
  const client = (await rawClient(t, { port: gateway.port })).send('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await client.received('x')
  client.reset()
  t.match(await gateway.delivered(), { error: 'client_gone' })
  t.equal(gateway.health(broken), 'ejected')
})
