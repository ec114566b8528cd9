import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { DiskTier } from '../../src/cache/disk.ts'
import { PIECE } from '../../src/cache/rules/pieces.ts'
import { get } from '../helpers/http.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { seededRandom } from '../helpers/random.ts'
import type { RecordedRequest } from '../helpers/recorded-request.ts'
import { tempDir } from '../helpers/scope.ts'
import { type Script, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { door, doorTo } from '../http/support/door.ts'
import { cdn, endpoint, site } from '../http/support/services.ts'

const SIZE = 20 * PIECE - 333
const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }

/** No two nearby parts are equal, and no two editions. */
function edition(number: number): Buffer {
  const words = Uint32Array.from({ length: PIECE / 4 + 1 }, (_, at) => Math.imul(at + number * 7919, 2654435761))
  return Buffer.alloc(SIZE, Buffer.from(words.buffer))
}

const ONE = edition(1)
const TWO = edition(2)

function spanIn(asked: RecordedRequest, size = SIZE): [number, number] {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(asked.header('range') ?? '')!
  return [Number(first), Math.min(Number(last), size - 1)]
}

/** As a CDN answers that has the object. */
function part(asked: RecordedRequest, whole = ONE, fields: Record<string, string> = FRESH): Step[] {
  if (fields.etag !== undefined && asked.header('if-none-match') === fields.etag) return [head(304, fields)]
  if (asked.header('range') === undefined) {
    return [head(200, { ...fields, 'content-length': `${whole.length}` }), whole]
  }
  const [first, last] = spanIn(asked, whole.length)
  const range = { 'content-range': `bytes ${first}-${last}/${whole.length}`, 'content-length': `${last - first + 1}` }
  return [head(206, { ...fields, ...range }), whole.subarray(first, last + 1)]
}

interface GotPart {
  readonly status: number
  readonly cache: string
  readonly body: Buffer
  readonly range: string | undefined
  readonly isCut: boolean
}

function ask(url: string, range: string, more: Record<string, string> = {}): Promise<GotPart> {
  return new Promise((resolve) => {
    const sent = request(url, { headers: { range, ...more } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => {})
      response.on('close', () =>
        resolve({
          status: response.statusCode!,
          cache: String(response.headers['cache-status']),
          range: response.headers['content-range'],
          body: Buffer.concat(chunks),
          isCut: !response.complete,
        }),
      )
    })
    // A cut may be a reset that overtakes the head.
    sent
      .on('error', () => resolve({ status: 0, cache: '', range: undefined, body: Buffer.alloc(0), isCut: true }))
      .end()
  })
}

const bytes = (first: number, last: number) => `bytes=${first}-${last}`
const serve = (script: Script) => doorTo(t, script, {}, cachingPolicy())

t.test('random parts of a large object: exact, and no byte is asked for twice', async (t) => {
  const { url, upstream } = await serve((asked) => part(asked))
  const random = seededRandom(7)
  for (let count = 0; count < 12; count++) {
    const first = Math.floor(random() * SIZE)
    const last = Math.min(SIZE - 1, first + Math.floor(random() * 2.5 * PIECE))
    const got = await ask(url, bytes(first, last))
    t.same([got.status, got.range, got.isCut], [206, `bytes ${first}-${last}/${SIZE}`, false])
    t.ok(got.body.equals(ONE.subarray(first, last + 1)), `${first}-${last}`)
  }
  t.match(await ask(url, 'bytes=-100'), { status: 206, body: ONE.subarray(-100) })
  t.match(await ask(url, bytes(3, 5)), { status: 206, body: ONE.subarray(3, 6) })
  const asked = upstream.requests.map((one) => spanIn(one)).sort(([a], [b]) => a - b)
  let end = 0
  for (const [first, last] of asked) {
    t.equal(first % PIECE, 0)
    t.ok(first >= end, 'asked for once')
    end = last + 1
  }
  const before = upstream.requests.length
  const stored = await ask(url, bytes(3, 5))
  t.match(stored.cache, /^polycdn; hit; ttl=\d+$/)
  t.match(await ask(url, `bytes=${SIZE}-`), { status: 416, range: `bytes */${SIZE}` })
  t.match(await get(url, { method: 'HEAD' }), { status: 200, headers: { 'content-length': `${SIZE}`, etag: '"one"' } })
  t.match(await get(url, { headers: { 'if-none-match': '"one"' } }), { status: 304 })
  t.equal(upstream.requests.length, before, 'its head is known')
})

t.test('what is missing between stored pieces is asked for, and the whole range comes in order', async (t) => {
  const { url, upstream, services } = await serve((asked) => part(asked))
  t.match((await ask(url, bytes(10, 20))).cache, /fwd=uri-miss; stored/)
  await ask(url, bytes(2 * PIECE, 2 * PIECE))
  const got = await ask(url, bytes(5, 4 * PIECE + 5))
  t.ok(got.body.equals(ONE.subarray(5, 4 * PIECE + 6)))
  t.match(got.cache, /^polycdn; fwd=partial; stored/)
  const asked = upstream.requests.map((one) => spanIn(one)[0] / PIECE)
  t.same(asked, [0, 2, 1, 3])
  t.equal(upstream.requests[2]!.header('if-range'), '"one"')
  t.same(
    (await services.ended(3)).map(({ cache }) => cache),
    ['miss', 'miss', 'miss'],
  )
})

t.test('many clients of one part: one question, before its object is known and after', async (t) => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { url, upstream, services } = await serve((asked, index) => [gates[index]!.promise, ...part(asked)])
  for (const [round, gate] of gates.entries()) {
    const [first, last] = [round * 4 * PIECE + 9, (round * 4 + 1) * PIECE + 5]
    const all = Array.from({ length: 20 }, () => ask(url, bytes(first, last)))
    await until(() => services.cache.waiting === 19, { what: () => `${services.cache.waiting} that wait` })
    gate.resolve()
    for (const got of await Promise.all(all)) t.ok(got.body.equals(ONE.subarray(first, last + 1)))
    t.equal(upstream.requests.length, round + 1)
  }
})

t.test('another edition: what is being sent is cut, and nothing of the old one is used again', async (t) => {
  let current = ONE
  const { url, upstream } = await serve((asked) => {
    if (current === ONE) return part(asked)
    // If-Range does not hold.
    if (asked.header('if-range') === '"one"')
      return [head(200, { ...FRESH, etag: '"two"', 'content-length': `${SIZE}` }), TWO]
    return part(asked, TWO, { ...FRESH, etag: '"two"' })
  })
  await ask(url, bytes(0, 2 * PIECE - 1))
  current = TWO
  const mixed = await ask(url, bytes(PIECE, 4 * PIECE))
  t.ok(mixed.isCut)
  t.ok(mixed.body.equals(ONE.subarray(PIECE, PIECE + mixed.body.length)), 'no byte of the other edition')
  const after = await ask(url, bytes(0, 3 * PIECE))
  t.ok(after.body.equals(TWO.subarray(0, 3 * PIECE + 1)))
  const count = upstream.requests.length
  t.ok((await ask(url, bytes(PIECE, PIECE + 9))).body.equals(TWO.subarray(PIECE, PIECE + 10)))
  t.equal(upstream.requests.length, count)
  current = ONE
  const other = await ask(url, bytes(9 * PIECE, 9 * PIECE + 9))
  t.match(other, { status: 206, isCut: false })
  t.ok(other.body.equals(ONE.subarray(9 * PIECE, 9 * PIECE + 10)), 'nothing was sent yet: it is asked for anew')
})

t.test('another edition from an upstream that knows no If-Range: cut as well', async (t) => {
  let current = ONE
  const { url } = await serve((asked) => part(asked, current, { ...FRESH, etag: current === ONE ? '"one"' : '"two"' }))
  await ask(url, bytes(0, 2 * PIECE - 1))
  current = TWO
  const mixed = await ask(url, bytes(PIECE, 4 * PIECE))
  t.ok(mixed.isCut)
  t.ok(mixed.body.equals(ONE.subarray(PIECE, PIECE + mixed.body.length)), 'no byte of the other edition')
  t.ok((await ask(url, bytes(PIECE, 4 * PIECE))).body.equals(TWO.subarray(PIECE, 4 * PIECE + 1)))
})

t.test('without a strong validator, or not to be stored: the part passes', async (t) => {
  for (const fields of [
    { ...FRESH, etag: 'W/"one"' },
    { 'cache-control': 'no-store', etag: '"one"' },
  ]) {
    const { url, upstream } = await serve((asked) => part(asked, ONE, fields))
    for (let count = 0; count < 2; count++) {
      const got = await ask(url, bytes(5, 9))
      t.match(got, { status: 206, range: `bytes 5-9/${SIZE}` })
      t.ok(got.body.equals(ONE.subarray(5, 10)))
    }
    t.equal(upstream.requests[1]!.header('range'), bytes(5, 9), 'in the words of the client')
  }
})

t.test('a stale object is confirmed by its head alone, and served on errors', async (t) => {
  let isDown = false
  const fields = { 'cache-control': 'max-age=0, stale-if-error=600', etag: '"one"' }
  const { url, upstream } = await serve((asked) => (isDown ? answer(503, 'down') : part(asked, ONE, fields)))
  await ask(url, bytes(0, 9))
  const again = await ask(url, bytes(2, 9))
  t.ok(again.body.equals(ONE.subarray(2, 10)))
  t.match(again.cache, /fwd=stale; fwd-status=304/)
  t.equal(upstream.requests[1]!.header('if-none-match'), '"one"')
  isDown = true
  const stale = await ask(url, bytes(2, 9))
  t.ok(stale.body.equals(ONE.subarray(2, 10)))
  t.match(stale.cache, /stale-if-error/)
})

t.test('an upstream that dies in the middle is continued by another', async (t) => {
  const dying = await scriptedUpstream(t, (asked) => {
    const [first, last] = spanIn(asked)
    const fields = {
      ...FRESH,
      'content-range': `bytes ${first}-${last}/${SIZE}`,
      'content-length': `${last - first + 1}`,
    }
    return [head(206, fields), ONE.subarray(first, first + PIECE / 2), 'reset!']
  })
  const well = await scriptedUpstream(t, (asked) => part(asked))
  const endpoints = [dying, well].map(({ url }, at) => endpoint(url, { cdn: cdn(`cdn-${at}`) }))
  const { url } = await door(t, { sites: [site({ endpoints, policy: cachingPolicy() })] })
  for (const first of [0, 5 * PIECE]) {
    const got = await ask(url, bytes(first, first + 2 * PIECE))
    t.same([got.status, got.isCut], [206, false])
    t.ok(got.body.equals(ONE.subarray(first, first + 2 * PIECE + 1)))
  }
})

t.test('a client that leaves ends the question with the piece that is coming', async (t) => {
  const left = Promise.withResolvers<void>()
  const { url, upstream, services } = await serve((asked) => [
    ...part(asked).slice(0, 1),
    ONE.subarray(0, (3 * PIECE) / 2),
    left.promise,
    ONE.subarray((3 * PIECE) / 2, 2 * PIECE),
    'stall!',
  ])
  const sent = request(url, { headers: { range: 'bytes=0-' } }, (response) => {
    let seen = 0
    response.on('error', () => {})
    response.on('data', (chunk: Buffer) => {
      seen += chunk.length
      if (seen > PIECE) sent.destroy()
    })
  })
  sent.on('error', () => {}).end()
  sent.on('close', () => left.resolve())
  await services.ended(1)
  t.equal(spanIn(upstream.requests[0]!)[1], 16 * PIECE - 1, 'so much is asked for at once')
  t.match((await ask(url, bytes(PIECE, 2 * PIECE - 1))).cache, /hit/)
  t.equal(upstream.requests.length, 1)
})

t.test('a client that leaves between two pieces ends the question at once', async (t) => {
  const { url, services } = await serve((asked) => [...part(asked).slice(0, 1), ONE.subarray(0, 2 * PIECE), 'stall!'])
  const sent = request(url, { headers: { range: 'bytes=0-' } }, (response) => {
    let seen = 0
    response.on('error', () => {})
    response.on('data', (chunk: Buffer) => {
      seen += chunk.length
      if (seen === 2 * PIECE) sent.destroy()
    })
  })
  sent.on('error', () => {}).end()
  t.match(await services.ended(1), [{ error: 'client_gone' }])
})

t.test('an unsafe method and a purge take the pieces out, whatever their tag says', async (t) => {
  let body = ONE
  const script: Script = (asked) => (asked.method === 'POST' ? answer(204, '') : part(asked, body))
  const upstream = await scriptedUpstream(t, script)
  const edge = endpoint(upstream.url, { cdn: cdn('edge') })
  const only = site({ endpoints: [edge], policy: cachingPolicy(), unsafeEndpoints: [edge] })
  const { url, services } = await door(t, { sites: [only] })
  await ask(url, bytes(0, 9))
  body = TWO
  // What was asked for in the same moment does not count either.
  const moment = async () => {
    const at = Date.now() + 2
    await until(() => Date.now() > at)
  }
  await get(url, { method: 'POST' })
  await moment()
  t.ok((await ask(url, bytes(0, 9))).body.equals(TWO.subarray(0, 10)))
  // It can be found a moment after it was sent.
  await until(async () => /hit/.test((await ask(url, bytes(0, 9))).cache))
  const before = upstream.requests.length
  body = ONE
  services.purges.add({ site: only.name, target: { kind: 'site' }, soft: false, at: Date.now() })
  await moment()
  t.ok((await ask(url, bytes(0, 9))).body.equals(ONE.subarray(0, 10)))
  t.equal(upstream.requests.length, before + 1)
})

t.test('pieces on disk outlive the process, also where the memory has no room for them', async (t) => {
  const folder = join(tempDir(t, 'cache'), 'disk')
  const over = async () => {
    const onProblem = (problem: string) => t.fail(problem)
    const disk = (await DiskTier.open({ folder, maxBytes: 2 ** 30, isFirst: false, now: Date.now, onProblem }))!
    t.teardown(() => disk.close())
    const { url, upstream, services } = await doorTo(t, (asked) => part(asked), {}, cachingPolicy())
    services.cache = services.newCache(disk, PIECE)
    return { url, upstream, services }
  }
  const headers = { host: 'www.test' }
  const before = await over()
  await ask(before.url, bytes(PIECE, 2 * PIECE), headers)
  await until(() => before.services.cache.disk?.entries === 3, { what: 'a head and two pieces on disk' })
  const after = await over()
  const got = await ask(after.url, bytes(PIECE + 5, 2 * PIECE + 5), headers)
  t.match(got.cache, /hit/)
  t.ok(got.body.equals(ONE.subarray(PIECE + 5, 2 * PIECE + 6)))
  t.equal(after.upstream.requests.length, 0)
})

/** The whole, without a Range. */
async function askWhole(url: string, whole = ONE): Promise<{ status: number; cache: string; isExact: boolean }> {
  const response = await fetch(url)
  const body = Buffer.from(await response.arrayBuffer())
  return { status: response.status, cache: response.headers.get('cache-status')!, isExact: body.equals(whole) }
}

const kindOf = (asked: RecordedRequest) => (asked.header('range') === undefined ? 'whole' : spanIn(asked)[0] / PIECE)

t.test('a whole of which all pieces are stored is there', async (t) => {
  const { url, upstream } = await serve((asked) => part(asked))
  await ask(url, bytes(0, SIZE - 2))
  t.match(await askWhole(url), { status: 200, isExact: true, cache: /^polycdn; hit; ttl=\d+$/ })
  t.same(upstream.requests.map(kindOf), [0, 16])
})

t.test('a whole of which pieces are missing is asked for as one', async (t) => {
  const small = ONE.subarray(0, 3 * PIECE)
  const { url, upstream, services } = await serve((asked) => part(asked, small))
  await ask(url, bytes(0, 5))
  // Who asks while the part comes shares what comes.
  await until(() => services.cache.fetches === 0, { what: 'the piece to be stored' })
  for (const status of [/fwd=uri-miss/, /hit/]) t.match(await askWhole(url, small), { isExact: true, cache: status })
  t.same(upstream.requests.map(kindOf), [0, 'whole'])
})
