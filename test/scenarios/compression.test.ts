import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { brotliDecompress, createBrotliDecompress, gunzip, zstdDecompress } from 'node:zlib'
import t from 'tap'
import { MediaTypes } from '../../src/compression/media-types.ts'
import type { CompressSettings } from '../../src/compression/settings.ts'
import { Encoders } from '../../src/http/encoders.ts'
import { answer, chunked, countedBody, cut, cutChunked, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Script, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { type DoorWithUpstream, door, doorTo } from '../http/support/door.ts'
import { askHttp2, http2Client } from '../http/support/http2-client.ts'
import { cdn, endpoint, listener, policy, site } from '../http/support/services.ts'

const DECODE = { br: promisify(brotliDecompress), gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }
const TEXT = countedBody(200_000)
const FIELDS = { 'content-type': 'text/plain; charset=utf-8', etag: '"v1"', 'accept-ranges': 'bytes' }

const settings = (over: Partial<CompressSettings> = {}): CompressSettings => ({
  encodings: ['br', 'gzip', 'zstd'],
  types: new MediaTypes(['text/*', 'text/event-stream']),
  minSize: 1024,
  ...over,
})

const compressing = (over: Partial<CompressSettings> = {}) => policy({ fallback: 'none', compress: settings(over) })

/** HTTP/1.1, and HTTP/2 for who begins with it. */
function doorThat(t: Scope, script: Script | readonly Step[], chosen = compressing()): Promise<DoorWithUpstream> {
  return doorTo(t, script, { over: { listen: [listener({ h2c: true })] } }, chosen)
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Rejects where the body does not end well. */
function ask(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part)).on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      )
    })
    sent.on('error', reject).end()
  })
}

t.test('each client gets the coding that it wants, with fields that are true of it', async (t) => {
  const { url, services } = await doorThat(t, answer(200, TEXT, FIELDS))
  for (const encoding of ['br', 'gzip', 'zstd'] as const) {
    const at = services.accessLines.all.length
    const got = await ask(url, { 'accept-encoding': encoding })
    t.match(got.headers, { 'content-encoding': encoding, vary: 'Accept-Encoding', etag: `"v1-${encoding}"` })
    t.match(got.headers, { 'transfer-encoding': 'chunked', 'content-length': undefined, 'accept-ranges': undefined })
    t.ok(got.body.length < TEXT.length / 2)
    t.equal((await DECODE[encoding](got.body)).toString(), TEXT)
    const line = (await services.ended(at + 1))[at]!
    t.match(line, { status: 200, bytes: got.body.length, aborted: false, error: null })
    const { compressedResponses, compressionInputBytes, compressionOutputBytes } = services.metrics
    t.equal(compressedResponses.child(encoding).value, 1)
    t.equal(compressionInputBytes.child(encoding).value, TEXT.length)
    t.equal(compressionOutputBytes.child(encoding).value, got.body.length)
  }
  t.equal(services.encoders.busy, 0)
})

t.test('who wants none gets what came, and is told that others get another', async (t) => {
  const { url } = await doorThat(t, answer(200, TEXT, FIELDS))
  const got = await ask(url)
  t.match(got.headers, { 'content-length': '200000', etag: '"v1"', 'accept-ranges': 'bytes', vary: 'Accept-Encoding' })
  t.equal(got.headers['content-encoding'], undefined)
  t.equal(got.body.toString(), TEXT)
})

const UNTOUCHED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'what is encoded already': { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
  'another type': { 'content-type': 'image/png' },
  'what must not be transformed': { 'content-type': 'text/plain', 'cache-control': 'no-transform' },
}

t.test('some answers go byte for byte as they came', async (t) => {
  const door = await doorThat(t, answer())
  for (const [what, fields] of Object.entries(UNTOUCHED)) {
    door.upstream.play(answer(200, TEXT, fields))
    const got = await ask(door.url, { 'accept-encoding': 'br' })
    t.match(got.headers, { ...fields, 'content-length': '200000', vary: undefined }, what)
    t.equal(got.body.toString(), TEXT, what)
  }
})

t.test('RFC 9110 section 9.3.2: HEAD has the fields of GET', async (t) => {
  const door = await doorThat(t, ({ method }) =>
    method === 'HEAD' ? [head(200, { 'content-length': '200000', ...FIELDS })] : answer(200, TEXT, FIELDS),
  )
  for (const accept of ['br', 'gzip', 'identity']) {
    const whole = await ask(door.url, { 'accept-encoding': accept })
    const only = await ask(door.url, { 'accept-encoding': accept }, 'HEAD')
    t.equal(only.body.length, 0)
    const { date, connection, 'transfer-encoding': _, 'server-timing': __, ...fields } = whole.headers
    t.match(only.headers, fields, accept)
    t.equal(only.headers['content-length'], whole.headers['content-length'], accept)
  }
  t.equal(door.services.encoders.busy, 0)
})

t.test('over HTTP/2 as well, and an end that is none is seen there', async (t) => {
  const door = await doorThat(t, answer(200, TEXT, FIELDS))
  const session = await http2Client(t, door.url)
  const wanted = { ':path': '/', ':authority': 'a', 'accept-encoding': 'gzip, br' }
  const got = await askHttp2(session, wanted)
  t.match(got.headers, { 'content-encoding': 'br', etag: '"v1-br"' })
  t.equal((await DECODE.br(got.body)).toString(), TEXT)
  door.upstream.play(cutChunked(TEXT, 'reset!', { 'content-type': 'text/plain' }))
  const broken = await askHttp2(session, wanted)
  t.match(broken, { status: 200, code: 2 }, 'RST_STREAM, INTERNAL_ERROR')
})

t.test('RFC 9110 section 8.8.3.3: conditions come true with our tags', async (t) => {
  const door = await doorThat(t, (asked) => {
    const known = /(?:^|, )"v1"(?:,|$)/.test(asked.header('if-none-match') ?? '')
    return known ? [head(304, { etag: '"v1"' })] : answer(200, TEXT, FIELDS)
  })
  const conditional = (tag: string, accept: string) =>
    ask(door.url, { 'if-none-match': tag, 'accept-encoding': accept })
  t.match(await conditional('"v1-br"', 'br'), { status: 304, headers: { etag: '"v1-br"', vary: 'Accept-Encoding' } })
  t.equal(door.upstream.requests.at(-1)!.header('if-none-match'), '"v1-br", "v1"')
  t.match(await conditional('"v1"', 'br'), { status: 304, headers: { etag: '"v1"' } }, 'it has the plain one')
  t.match(await conditional('"v1-br"', 'gzip'), { status: 200, headers: { etag: '"v1-gzip"' } }, 'cannot read it')
  t.match(await conditional('"v0-br"', 'br'), { status: 200, headers: { etag: '"v1-br"' } })
})

t.test('a writer that read our variant is not told that somebody wrote meanwhile', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'written'))
  const { port } = await door(t, { sites: [site({ origin: [endpoint(upstream.url)], policy: compressing() })] })
  const client = await rawClient(t, { port })
  client.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nIf-Match: "v1-gzip"\r\n\r\nx')
  await client.responses(1, ['PUT'])
  t.equal(upstream.requests[0]!.header('if-match'), '"v1-gzip", "v1"')
})

t.test('RFC 9110 section 13.1.5: no part of plain bytes for who has encoded ones', async (t) => {
  const door = await doorThat(t, (asked) => {
    if (asked.header('if-range') !== '"v1"') return answer(200, TEXT, FIELDS)
    return answer(206, TEXT.slice(0, 100), { ...FIELDS, 'content-range': 'bytes 0-99/200000' })
  })
  const part = (tag: string) =>
    ask(door.url, { range: 'bytes=0-99', 'if-range': tag, 'accept-encoding': 'br' }).then(({ status, headers }) => {
      return { status, encoding: headers['content-encoding'], vary: headers.vary, etag: headers.etag }
    })
  t.strictSame(await part('"v1-br"'), { status: 200, encoding: 'br', vary: 'Accept-Encoding', etag: '"v1-br"' })
  t.strictSame(await part('"v1"'), { status: 206, encoding: undefined, vary: 'Accept-Encoding', etag: '"v1"' })
})

t.test('a live answer is not held back: each event arrives before the next is sent', async (t) => {
  const events = Array.from({ length: 3 }, (_, at) => `data: ${at}\n\n`)
  /** Each lets one more go. */
  const turns: (() => void)[] = []
  const waits = events.slice(1).map(() => new Promise<void>((resolve) => turns.push(resolve)))
  const steps = events.flatMap((event, at): Step[] => [
    at === 0 ? head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }) : waits[at - 1]!,
    `${event.length.toString(16)}\r\n${event}\r\n`,
  ])
  const { url } = await doorThat(t, [...steps, '0\r\n\r\n'])
  const sent = request(url, { headers: { 'accept-encoding': 'br' }, agent: false }).end()
  const [response] = await once(sent, 'response')
  t.equal(response.headers['content-encoding'], 'br')
  let text = ''
  response.pipe(createBrotliDecompress()).on('data', (piece: Buffer) => {
    text += piece
  })
  for (let at = 0; at < events.length; at++) {
    await until(() => text === events.slice(0, at + 1).join(''), { what: () => `event ${at} in ${text}` })
    turns[at]?.()
  }
})

t.test('a body that breaks off is finished elsewhere, within one encoded body', async (t) => {
  const first = await scriptedUpstream(t, cut(TEXT, 90_000, 'reset!', FIELDS))
  const second = await scriptedUpstream(t, (asked) => {
    const from = Number(/^bytes=(\d+)-/.exec(asked.header('range')!)![1])
    return answer(206, TEXT.slice(from), { ...FIELDS, 'content-range': `bytes ${from}-199999/200000` })
  })
  const endpoints = [first, second].map(({ url }, at) => endpoint(url, { cdn: cdn(`edge${at}`) }))
  const { url, services } = await door(t, { sites: [site({ endpoints, policy: compressing() })] })
  const got = await ask(url, { 'accept-encoding': 'gzip' })
  t.equal(got.headers.etag, '"v1-gzip"')
  t.equal((await DECODE.gzip(got.body)).toString(), TEXT)
  t.match(await services.ended(1), [{ cdn: 'edge1', aborted: false, bytes: got.body.length }])
})

t.test('a body that nobody can finish is visibly cut, never an encoded end', async (t) => {
  const door = await doorThat(t, cutChunked(TEXT, 'reset!', { 'content-type': 'text/plain' }))
  for (const version of ['1.0', '1.1']) {
    const client = await rawClient(t, door)
    client.send(`GET / HTTP/${version}\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`)
    t.equal(await client.ended(), 'reset', version)
    t.notMatch(client.text, /0\r\n\r\n$/)
  }
  t.match(await door.services.ended(2), [{ aborted: true }, { aborted: true }])
  t.equal(door.services.encoders.busy, 0)
})

t.test('who leaves frees the encoder', async (t) => {
  const door = await doorThat(t, [...cutChunked(TEXT, 'stall!', { 'content-type': 'text/plain' })])
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n')
  await client.received('content-encoding: br')
  t.equal(door.services.encoders.busy, 1)
  client.reset()
  t.match(await door.services.ended(1), [{ error: 'client_gone' }])
  t.equal(door.services.encoders.busy, 0)
})

t.test('where there is no room for another encoder, what came goes', async (t) => {
  const door = await doorThat(t, answer(200, TEXT, FIELDS))
  door.services.encoders = new Encoders(door.services.metrics, 0)
  const got = await ask(door.url, { 'accept-encoding': 'br' })
  t.match(got.headers, { 'content-encoding': undefined, etag: '"v1"', vary: 'Accept-Encoding' })
  t.equal(got.body.toString(), TEXT)
  t.equal(door.services.metrics.compressionSkipped.child().value, 1)
})

/** Counts what it could send before the other side stopped taking. */
async function countingUpstream(scope: Scope, piece: Buffer, times: number) {
  const counted = { sent: 0, stopped: false }
  const answerer: RequestListener = async (_, response) => {
    response.on('close', () => {
      counted.stopped = true
    })
    response.writeHead(200, { 'content-type': 'text/plain' })
    for (let at = 0; at < times && !response.destroyed; at++) {
      counted.sent += piece.length
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  }
  const server = createServer(answerer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => server.close().closeAllConnections())
  return { counted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

t.test('a client that takes nothing stops the upstream, and is cut in the end', async (t) => {
  const piece = randomBytes(256 * 1024)
  const upstream = await countingUpstream(t, piece, 400)
  const sites = [
    site({ endpoints: [endpoint(upstream.url, { cdn: cdn('edge') })], policy: compressing({ encodings: ['gzip'] }) }),
  ]
  const { port, services } = await door(t, { sites, limits: { sendTimeout: 300 } })
  const client = await rawClient(t, { port })
  client.socket.pause()
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  t.match(await services.ended(1), [{ error: 'client_gone' }])
  await until(() => upstream.counted.stopped)
  t.ok(upstream.counted.sent < 30 * 2 ** 20, `${upstream.counted.sent} bytes of 100 MiB were taken`)
  t.equal(services.encoders.busy, 0)
})

t.test('a slow client gets all of it', async (t) => {
  const piece = randomBytes(256 * 1024)
  const upstream = await countingUpstream(t, piece, 40)
  const sites = [
    site({ endpoints: [endpoint(upstream.url, { cdn: cdn('edge') })], policy: compressing({ encodings: ['zstd'] }) }),
  ]
  const { url } = await door(t, { sites })
  const sent = request(url, { headers: { 'accept-encoding': 'zstd' }, agent: false }).end()
  const [response] = await once(sent, 'response')
  const parts: Buffer[] = []
  for await (const part of response) {
    parts.push(part)
    await new Promise(setImmediate)
  }
  const whole = await DECODE.zstd(Buffer.concat(parts))
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  t.equal(hash(whole), hash(Buffer.concat(Array(40).fill(piece))))
})

t.test('many pieces that come at once are one encoded body', async (t) => {
  const parts = Array.from({ length: 50 }, (_, at) => `${at} `.repeat(200))
  const { port } = await doorThat(t, chunked(parts, { 'content-type': 'text/plain' }))
  const client = await rawClient(t, { port })
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const [encoded, plain] = await client.responses(2)
  t.equal(field(encoded!, 'content-encoding'), 'gzip')
  t.equal((await DECODE.gzip(encoded!.body)).toString(), parts.join(''))
  t.equal(plain!.body.toString(), parts.join(''))
})
