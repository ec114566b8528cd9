import { promisify } from 'node:util'
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib'
import t from 'tap'
import { MediaTypes } from '../../src/compression/media-types.ts'
import type { CompressSettings } from '../../src/compression/settings.ts'
import { Encoders } from '../../src/http/encoders.ts'
import { answer, countedBody, cut, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import type { Scope } from '../helpers/scope.ts'
import type { Script, Step } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { type DoorWithUpstream, doorTo } from '../http/support/door.ts'

const DECODE = { br: promisify(brotliDecompress), gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }
type Coding = keyof typeof DECODE

const TEXT = countedBody(100_000)
const FIELDS = { 'content-type': 'text/plain', etag: '"v1"', 'cache-control': 'max-age=600' }
const compress: CompressSettings = {
  encodings: ['br', 'gzip', 'zstd'],
  types: new MediaTypes(['text/*']),
  minSize: 1024,
}

const doorThat = (t: Scope, script: Script | readonly Step[]) => doorTo(t, script, {}, cachingPolicy({}, { compress }))

interface Asked {
  readonly path?: string
  readonly method?: string
  readonly fields?: string
}

/** One request on a connection of its own. */
async function ask(t: Scope, { port }: DoorWithUpstream, accept: string, asked: Asked = {}) {
  const { path = '/', method = 'GET', fields = '' } = asked
  const client = await rawClient(t, { port })
  client.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: ${accept}\r\n${fields}\r\n`)
  const [response] = await client.responses(1, [method])
  client.socket.destroy()
  const told = (name: string) => field(response!, name)
  return { status: response!.status, body: response!.body, told }
}

type Got = Awaited<ReturnType<typeof ask>>

async function textOf({ body, told }: Got): Promise<string> {
  const coding = told('content-encoding')
  return (coding === undefined ? body : await DECODE[coding as Coding](body)).toString()
}

/** How many bodies went through an encoder, and how many answers had what was made for another. */
function counted({ services }: DoorWithUpstream, coding: Coding) {
  const { compressedResponses, compressionReused } = services.metrics
  return { made: compressedResponses.child(coding).value, reused: compressionReused.child(coding).value }
}

t.test('an answer is compressed once for each coding, and served from memory with its length', async (t) => {
  const door = await doorThat(t, answer(200, TEXT, FIELDS))
  for (const coding of ['br', 'gzip', 'zstd'] as const) {
    const first = await ask(t, door, coding)
    t.equal(first.told('transfer-encoding'), 'chunked', 'it is made')
    t.equal(await textOf(first), TEXT)
    await until(() => counted(door, coding).made === 1)
    const second = await ask(t, door, coding)
    t.equal(second.told('content-length'), `${second.body.length}`)
    t.same(second.body, first.body)
    t.match(second.told('cache-status'), /^polycdn; hit/)
    t.equal(second.told('etag'), `"v1-${coding}"`)
    t.equal(second.told('vary'), 'Accept-Encoding')
    t.equal(second.told('accept-ranges'), undefined)
    t.strictSame(counted(door, coding), { made: 1, reused: 1 })
  }
  const plain = await ask(t, door, 'identity')
  t.equal(plain.told('content-length'), '100000')
  t.equal(plain.told('etag'), '"v1"')
  t.equal(plain.told('vary'), 'Accept-Encoding')
  t.equal(await textOf(plain), TEXT)
  t.equal(door.upstream.requests.length, 1)
  const lines = await door.services.ended(7)
  t.match(lines[1], { cache: 'hit', bytes: (await ask(t, door, 'br')).body.length, status: 200 })
  t.equal(door.services.encoders.busy, 0)
})

t.test('HEAD, conditions and parts say of what is kept what they said before it was', async (t) => {
  const door = await doorThat(t, answer(200, TEXT, { ...FIELDS, 'accept-ranges': 'bytes' }))
  await ask(t, door, 'identity')
  const before = await ask(t, door, 'br', { method: 'HEAD' })
  t.equal(before.told('content-length'), undefined)
  t.equal(counted(door, 'br').made, 0, 'HEAD compresses nothing')
  await ask(t, door, 'br')
  await until(() => counted(door, 'br').made === 1)
  const whole = await ask(t, door, 'br')
  const only = await ask(t, door, 'br', { method: 'HEAD' })
  for (const name of ['content-length', 'content-encoding', 'etag', 'vary', 'accept-ranges']) {
    t.equal(only.told(name), whole.told(name), name)
  }
  t.equal(only.body.length, 0)
  const same = await ask(t, door, 'br', { fields: 'If-None-Match: "v1-br"\r\n' })
  t.equal(same.status, 304)
  t.equal(same.told('etag'), '"v1-br"')
  const other = await ask(t, door, 'gzip', { fields: 'If-None-Match: "v1-br"\r\n' })
  t.equal(other.status, 200)
  t.equal(await textOf(other), TEXT)
  const part = await ask(t, door, 'br', { fields: 'Range: bytes=0-9\r\n' })
  t.equal(part.status, 206)
  t.equal(part.told('content-encoding'), undefined)
  t.equal(part.body.toString(), TEXT.slice(0, 10))
  const stale = await ask(t, door, 'br', { fields: 'Range: bytes=0-9\r\nIf-Range: "v1-br"\r\n' })
  t.equal(stale.status, 200)
  t.same(stale.body, whole.body)
  const untouched = await ask(t, door, 'br', { fields: 'Cache-Control: no-transform\r\n' })
  t.equal(await textOf(untouched), TEXT)
  t.equal(untouched.told('content-encoding'), undefined)
})

t.test('after a purge another answer is compressed, though its fields are the same', async (t) => {
  let version = 0
  const door = await doorThat(t, () => answer(200, `${++version} ${TEXT}`, FIELDS))
  const { services } = door
  for (const expected of [1, 2]) {
    for (const turn of ['made', 'kept']) {
      const got = await ask(t, door, 'gzip')
      t.equal(await textOf(got), `${expected} ${TEXT}`, turn)
      await until(() => counted(door, 'gzip').made === expected)
    }
    const at = Date.now()
    services.purges.add({ site: 'www', target: { kind: 'site' }, soft: false, at })
    await until(() => Date.now() > at)
  }
  t.strictSame(counted(door, 'gzip'), { made: 2, reused: 2 })
})

/** Stale for 10 s when it comes. */
const STALE = { ...FIELDS, 'cache-control': 'max-age=10', age: '20' }

t.test('a 304 gives what is kept newer fields, and another answer takes its place', async (t) => {
  const confirming = [head(304, { etag: '"v1"', 'cache-control': 'max-age=10', age: '20', 'x-new': 'yes' })]
  const forbidding = [head(304, { etag: '"v1"', 'cache-control': 'max-age=10, no-transform', age: '20' })]
  const script: readonly (readonly Step[])[] = [answer(200, TEXT, STALE), confirming, forbidding]
  const door = await doorThat(t, (_, at) => script[at] ?? answer(200, `new ${TEXT}`, { ...FIELDS, etag: '"v1"' }))
  const first = await ask(t, door, 'br')
  await until(() => counted(door, 'br').made === 1)
  const confirmed = await ask(t, door, 'br')
  t.equal(confirmed.told('x-new'), 'yes')
  t.equal(confirmed.told('content-length'), `${first.body.length}`)
  t.same(confirmed.body, first.body)
  const forbidden = await ask(t, door, 'br')
  t.equal(forbidden.told('content-encoding'), undefined, 'no-transform came with the 304')
  t.equal(await textOf(forbidden), TEXT)
  for (const turn of ['made', 'kept']) {
    t.equal(await textOf(await ask(t, door, 'br')), `new ${TEXT}`, turn)
    await until(() => counted(door, 'br').made === 2)
  }
  t.equal(door.upstream.requests.length, 4)
})

t.test('many who ask at once share one encoder, with what comes and with what is stored', async (t) => {
  const turn = Promise.withResolvers<void>()
  const half = TEXT.length / 2
  const door = await doorThat(t, [
    head(200, { ...FIELDS, 'content-length': `${TEXT.length}` }) + TEXT.slice(0, half),
    turn.promise,
    TEXT.slice(half),
  ])
  const asking = Array.from({ length: 8 }, () => ask(t, door, 'gzip'))
  await until(() => counted(door, 'gzip').reused === 7)
  t.equal(door.services.encoders.busy, 1)
  turn.resolve()
  for (const got of await Promise.all(asking)) t.equal(await textOf(got), TEXT)
  await until(() => counted(door, 'gzip').made === 1)
  const stored = await Promise.all(Array.from({ length: 8 }, () => ask(t, door, 'zstd')))
  for (const got of stored) t.equal(await textOf(got), TEXT)
  await until(() => door.services.encoders.busy === 0)
  t.equal(counted(door, 'zstd').made + counted(door, 'zstd').reused, 8)
  t.ok(counted(door, 'zstd').made < 8)
})

t.test('a body that breaks off is cut for all who read it, and nothing of it is kept', async (t) => {
  const begun = Promise.withResolvers<void>()
  const [sent] = cut(TEXT, 60_000, 'reset!', FIELDS)
  const door = await doorThat(t, (_, at) => (at === 0 ? [sent!, begun.promise, 'reset!'] : answer(200, TEXT, FIELDS)))
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  await client.received('content-encoding: gzip')
  begun.resolve()
  t.equal(await client.ended(), 'reset')
  t.notMatch(client.text, /0\r\n\r\n$/)
  t.equal(door.services.encoders.busy, 0)
  t.equal(await textOf(await ask(t, door, 'gzip')), TEXT)
  t.equal((await ask(t, door, 'gzip')).told('content-encoding'), 'gzip')
})

t.test('a client that leaves takes nothing from those who come after it', async (t) => {
  const turn = Promise.withResolvers<void>()
  const door = await doorThat(t, [
    head(200, { ...FIELDS, 'content-length': `${TEXT.length}` }) + TEXT.slice(0, 50_000),
    turn.promise,
    TEXT.slice(50_000),
  ])
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n')
  await client.received('content-encoding: br')
  client.reset()
  // By its answer the gateway knows of what was before.
  await ask(t, door, 'br', { path: '/other', fields: 'Cache-Control: only-if-cached\r\n' })
  turn.resolve()
  await until(() => counted(door, 'br').made === 1)
  t.match((await door.services.ended(2))[1], { error: 'client_gone' })
  const got = await ask(t, door, 'br')
  t.equal(await textOf(got), TEXT)
  t.equal(got.told('content-length'), `${got.body.length}`)
  t.equal(door.upstream.requests.length, 1)
})

t.test('without room for an encoder what is stored goes as it is; what is kept needs none', async (t) => {
  const door = await doorThat(t, answer(200, TEXT, FIELDS))
  await ask(t, door, 'br')
  await until(() => counted(door, 'br').made === 1)
  door.services.encoders = new Encoders(door.services.metrics, 0)
  const plain = await ask(t, door, 'gzip')
  t.equal(plain.told('content-encoding'), undefined)
  t.equal(plain.told('vary'), 'Accept-Encoding')
  t.equal(await textOf(plain), TEXT)
  t.equal((await ask(t, door, 'br')).told('content-encoding'), 'br')
})

t.test('a stream that trickles is compressed, and not kept in the pieces that it came in', async (t) => {
  const turns = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const pieces = turns.map((_, at) => `${at}`.repeat(500))
  const steps: Step[] = [head(200, { ...FIELDS, 'transfer-encoding': 'chunked' })]
  for (const [at, piece] of pieces.entries()) steps.push(`1f4\r\n${piece}\r\n`, turns[at]!.promise)
  const door = await doorThat(t, [...steps, '0\r\n\r\n'])
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  for (const turn of turns) {
    const before = client.text.length
    await until(() => client.text.length > before)
    turn.resolve()
  }
  const [trickled] = await client.responses(1)
  t.equal((await DECODE.gzip(trickled!.body)).toString(), pieces.join(''))
  const again = await ask(t, door, 'gzip')
  t.equal(again.told('transfer-encoding'), 'chunked')
  t.ok(again.body.length < trickled!.body.length)
  await until(() => counted(door, 'gzip').made === 2)
  t.equal((await ask(t, door, 'gzip')).told('content-length'), `${again.body.length}`)
})
