import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import t from 'tap'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until, within } from '../helpers/wait.ts'
import { doorTo } from './support/door.ts'
import { askHttp2, http2Client } from './support/http2-client.ts'
import { listener } from './support/services.ts'

/** Its frame type, RFC 9113 section 6.4. */
const RST_STREAM = 3

const H2C = { over: { listen: [listener({ h2c: true })] } }

t.test('a request goes upstream as one of HTTP/1.1, and the answer comes back', async (t) => {
  const extra = { 'set-cookie': 'a=1', connection: 'x-hop', 'x-hop': '1', 'keep-alive': 'timeout=5' }
  const door = await doorTo(
    t,
    [head(200, { 'content-length': '5', ...extra }).replace('\r\n\r\n', '\r\nSet-Cookie: b=2\r\n\r\n'), 'hello'],
    H2C,
  )
  const session = await http2Client(t, door.url)
  const got = await askHttp2(session, {
    ':path': '/a?b',
    ':authority': 'site.test',
    cookie: ['x=1', 'y=2'],
    te: 'trailers',
  })
  t.match(got, { status: 200, code: 0 })
  t.equal(got.body.toString(), 'hello')
  t.strictSame(got.headers['set-cookie'], ['a=1', 'b=2'])
  for (const name of ['connection', 'keep-alive', 'x-hop', 'transfer-encoding']) t.notOk(name in got.headers, name)
  const { raw } = door.upstream.requests[0]!
  const text = raw.toString('latin1')
  t.match(text, /^GET \/a\?b HTTP\/1\.1\r\n/)
  t.match(text, /\r\nhost: site\.test\r\n/i)
  t.match(text, /\r\ncookie: x=1; y=2\r\n/i)
  t.notMatch(text, /\r\n(te|:path|:authority|:method|:scheme):/i)
})

t.test('an upstream that repeats what stands once is answered for as over HTTP/1.1', async (t) => {
  const twice =
    'Date: x\r\nDate: y\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nContent-Encoding: br\r\nContent-Encoding: gzip'
  const door = await doorTo(
    t,
    [head(200, { 'content-length': '5' }).replace('\r\n\r\n', `\r\n${twice}\r\n\r\n`), 'hello'],
    H2C,
  )
  const got = await askHttp2(await http2Client(t, door.url), { ':path': '/', ':authority': 'site.test' })
  t.match(got, { status: 200, code: 0 })
  t.equal(got.body.toString(), 'hello')
})

t.test('requests run beside each other, large bodies with backpressure', async (t) => {
  const body = countedBody(3_000_000)
  const door = await doorTo(t, answer(200, body), H2C)
  const session = await http2Client(t, door.url)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => askHttp2(session, { ':path': '/', ':authority': 'a' })),
  )
  for (const got of answers) t.ok(got.body.equals(Buffer.from(body)), 'every byte in its place')
  await until(() => door.listeners.requests === 0)
})

t.test('HEAD, and methods with content', async (t) => {
  const door = await doorTo(
    t,
    ({ method }) => (method === 'HEAD' ? [head(200, { 'content-length': '7' })] : answer(201)),
    H2C,
  )
  const session = await http2Client(t, door.url)
  const got = await askHttp2(session, { ':method': 'HEAD', ':path': '/', ':authority': 'a' })
  t.match(got, { status: 200, code: 0, headers: { 'content-length': '7' } })
  const refused = await askHttp2(session, { ':method': 'POST', ':path': '/', ':authority': 'a' }, Buffer.alloc(300_000))
  t.equal(refused.status, 405, 'there is no origin')
  t.equal((await askHttp2(session, { ':method': 'TRACE', ':path': '/', ':authority': 'a' })).status, 405)
  t.equal((await askHttp2(session, { ':path': '/', ':authority': 'a' })).status, 201, 'the connection goes on')
})

t.test('what names its host in two ways, or in none, is refused', async (t) => {
  const door = await doorTo(t, answer(), H2C)
  const session = await http2Client(t, door.url)
  const status = async (headers: object) => (await askHttp2(session, { ':path': '/', ...headers })).status
  t.equal(await status({ ':authority': 'a', host: 'b' }), 400)
  t.equal(await status({ ':authority': 'a', host: 'a' }), 200)
  // nghttp2 resets these two before anybody sees them.
  t.equal(await status({ ':authority': 'user@a' }), 0)
  t.equal(await status({ ':authority': 'a', ':path': '/a b' }), 0)
  t.equal(await status({ ':authority': 'a', expect: 'nonsense' }), 417)
  t.equal(door.upstream.requests.length, 1)
})

t.test('an answer that breaks off is reset, not ended', async (t) => {
  const door = await doorTo(t, [head(200, { 'content-length': '100' }), 'half', 'reset!'], H2C)
  const session = await http2Client(t, door.url)
  const got = await askHttp2(session, { ':path': '/', ':authority': 'a' })
  t.equal(got.code, constants.NGHTTP2_INTERNAL_ERROR)
  t.notOk(session.destroyed)
})

t.test('an answer ends with END_STREAM, which RST_STREAM may follow (RFC 9113 section 8.1)', async (t) => {
  const door = await doorTo(t, ({ method }) => answer(method === 'GET' ? 200 : 405, 'hello'), H2C)
  const fields = '4109736974652e74657374'
  for (const [name, frame] of [
    ['a request that has ended', `00000e010500000001828684${fields}`],
    ['a request of which content is missing', `00000e010400000001838684${fields}`],
  ] as const) {
    const client = await rawClient(t, door)
    client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n').send(Buffer.from(`000000040000000000${frame}`, 'hex'))
    const last = await until(() => framesOf(client.bytes).find(({ ends }) => ends))
    t.not(last.type, RST_STREAM, name)
    client.close()
  }
})

/** The frames of stream 1. */
function framesOf(bytes: Buffer): { type: number; ends: boolean }[] {
  const frames: { type: number; ends: boolean }[] = []
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const type = bytes[at + 3]!
    const ends = type === RST_STREAM || (type <= 1 && (bytes[at + 4]! & 1) === 1)
    if (bytes.readUInt32BE(at + 5) === 1) frames.push({ type, ends })
  }
  return frames
}

t.test('a client that resets its stream cancels the attempt', async (t) => {
  const door = await doorTo(t, [head(200, { 'content-length': '100' }), 'half', 'stall!'], H2C)
  const session = await http2Client(t, door.url)
  const stream = session.request({ ':path': '/', ':authority': 'a' })
  stream.on('error', () => {})
  await once(stream, 'data')
  stream.close(constants.NGHTTP2_CANCEL)
  await until(() => door.upstream.abandoned === 1, { what: 'the upstream to be left' })
  await until(() => door.listeners.requests === 0)
})

t.test('closing: GOAWAY, running requests end whole, then the connection ends', async (t) => {
  const gate = Promise.withResolvers<void>()
  const door = await doorTo(t, [head(200, { 'content-length': '9' }), 'first', gate.promise, 'last'], H2C)
  const session = await http2Client(t, door.url)
  const idle = await http2Client(t, door.url)
  const asking = askHttp2(session, { ':path': '/', ':authority': 'a' })
  await door.upstream.received(1)
  const goaway = once(session, 'goaway')
  const idleGone = once(idle, 'close')
  const closing = door.listeners.close()
  t.equal((await goaway)[0], constants.NGHTTP2_NO_ERROR)
  await within(idleGone, 'the idle connection to end')
  gate.resolve()
  t.equal((await asking).body.toString(), 'firstlast')
  await within(closing, 'the end of close()')
})

t.test('a connection on which nothing is asked for ends', async (t) => {
  const door = await doorTo(t, answer(), { ...H2C, limits: { headerTimeout: 150, idleTimeout: 150 } })
  const session = await http2Client(t, door.url)
  await within(once(session, 'close'), 'the end of a connection that asks for nothing')
  const other = await http2Client(t, door.url)
  t.equal((await askHttp2(other, { ':path': '/', ':authority': 'a' })).status, 200)
  await within(once(other, 'close'), 'the end of an idle connection')
})

t.test('a client that never ends its side, or never a header section, is cut', async (t) => {
  const door = await doorTo(t, answer(), { ...H2C, limits: { headerTimeout: 150, idleTimeout: 150 } })
  const opening = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
  const headers = (flags: number) =>
    Buffer.from(`00000601${flags.toString(16).padStart(2, '0')}00000001838684010161`, 'hex')
  const goodbye = Buffer.from('0000080700000000000000000000000000', 'hex')
  for (const more of [Buffer.alloc(0), goodbye, headers(1), headers(5)]) {
    const client = await rawClient(t, door)
    client.send(Buffer.concat([opening, more]))
    await until(() => door.listeners.connections === 1)
    await until(() => door.listeners.connections === 0, { what: `the end of ${more.toString('hex')}` })
  }
})

t.test('HTTP/1.1 is spoken beside it; without h2c, the preface is no request', async (t) => {
  const both = await doorTo(t, answer(), H2C)
  const client = await rawClient(t, both)
  // The first letters of the preface are those of a method, too.
  client.send('P')
  client.send('OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  t.equal((await client.responses(1))[0]!.status, 405)
  const plain = await doorTo(t, answer())
  const refused = await rawClient(t, plain)
  refused.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  await refused.ended()
  t.match(refused.text, /^HTTP\/1\.1 (400|505) |^$/)
  t.equal(plain.upstream.requests.length, 0)
})

t.test('the end of an answer that a client has no window for is not kept for ever', async (t) => {
  const door = await doorTo(t, answer(200, 'x'.repeat(10_000)), { ...H2C, limits: { sendTimeout: 200 } })
  const session = connect(door.url, { settings: { initialWindowSize: 0 } })
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': '/', ':authority': 'a' })
  stream.on('error', () => {})
  await within(new Promise<void>((resolve) => stream.once('close', () => resolve())), 'the end of the stream')
  t.equal(stream.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  t.notOk(session.destroyed)
  await until(() => door.listeners.requests === 0)
})

t.test('of one address as many streams run as connections may; others are refused, and may ask again', async (t) => {
  const played = ({ target }: { readonly target: string }) => (target === '/wait' ? (['stall!'] as const) : answer())
  const door = await doorTo(t, played, { ...H2C, limits: { connectionsPerAddress: 130 } })
  const sessions = [await http2Client(t, door.url), await http2Client(t, door.url)] as const
  const fields = { ':path': '/wait', ':authority': 'a' }
  const open = Array.from({ length: 130 }, (_, at) => sessions[at < 100 ? 0 : 1].request(fields))
  for (const stream of open) stream.on('error', () => {})
  await until(() => door.upstream.requests.length === 130)
  const ask = () => askHttp2(sessions[1], { ':path': '/', ':authority': 'a' })
  t.match(await ask(), { code: constants.NGHTTP2_REFUSED_STREAM })
  t.equal(door.upstream.requests.length, 130)
  open[129]!.close(constants.NGHTTP2_CANCEL)
  await until(() => door.upstream.abandoned === 1)
  t.match(await ask(), { status: 200, code: 0 })
})
