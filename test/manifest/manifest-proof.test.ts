import { createHash } from 'node:crypto'
import t from 'tap'
import { PIECE } from '../../src/manifest/manifest.ts'
import { ManifestProof } from '../../src/manifest/manifest-proof.ts'
import { ReferencedProof } from '../../src/manifest/referenced-proof.ts'
import {
  type Ask,
  type Located,
  type Proof,
  ProofError,
  type ProvedObject,
  UpstreamStatus,
} from '../../src/providers/proof.ts'
import { seededRandom } from '../helpers/random.ts'
import { drain, type FakeAnswer, fakeUpstream, honest } from './support/fake-upstream.ts'
import { manifestOf } from './support/manifests.ts'

const random = seededRandom(11)
const bytesOf = (size: number) => createHash('shake256', { outputLength: size }).update(`${random()}`).digest()
const BODY = bytesOf(2 * PIECE + 1000)
const OLD = Buffer.concat([BODY.subarray(0, PIECE), bytesOf(1000)])
const { files } = manifestOf({ '/now': BODY, '/old': OLD, '/': Buffer.alloc(0) })
const [FILE, BEFORE] = [files.get('/now')!, files.get('/old')!]
const LAST = BODY.length - 1

type Answer = (ask: Ask) => FakeAnswer

async function read(answer: Answer, [first, last] = [0, LAST], previous = BEFORE as typeof BEFORE | null) {
  const upstream = fakeUpstream(answer)
  const proof = new ManifestProof({ target: '/now?x', file: FILE, others: () => (previous === null ? [] : [previous]) })
  const object = (await proof.locate(upstream)) as ProvedObject
  const { bytes, error } = await drain(object.read(first, last))
  const fault = error instanceof ProofError ? error.fault : error instanceof UpstreamStatus ? error.status : error
  return { bytes, fault, upstream }
}

t.test('the metadata are known before anybody is asked', async (t) => {
  const upstream = fakeUpstream(honest(BODY))
  const located = await new ManifestProof({ target: '/', file: FILE, others: () => [] }).locate(upstream)
  t.match(located, { kind: 'object', size: BODY.length, type: 'text/plain', etag: FILE.etag, immutable: false })
  t.equal(upstream.asks.length, 0)
})

t.test('the whole, and ranges that are widened, verified and cut', async (t) => {
  const whole = await read(honest(BODY))
  t.ok(whole.bytes.equals(BODY))
  t.strictSame(whole.upstream.asks, [{ path: '/now?x' }])
  const edges = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, LAST]
  const ranges = edges.flatMap((first) => edges.filter((last) => last >= first).map((last) => [first, last] as const))
  for (const [first, last] of ranges) {
    for (const chunk of [1000, 65_536, PIECE, 3 * PIECE]) {
      const { bytes, fault, upstream } = await read(honest(BODY, { chunk }), [first, last])
      t.ok(fault === null && bytes.equals(BODY.subarray(first, last + 1)), `${first}-${last} by ${chunk}`)
      const range = /^bytes=(\d+)-(\d+)$/.exec(upstream.asks[0]!.range ?? `bytes=0-${LAST}`)!
      t.equal(Number(range[1]) % PIECE, 0)
      t.ok(Number(range[2]) === LAST || (Number(range[2]) + 1) % PIECE === 0)
    }
  }
})

t.test('no byte of a bad piece, and all of those before it', async (t) => {
  for (const at of [0, PIECE - 1, PIECE, 2 * PIECE, LAST]) {
    const bad = Buffer.from(BODY)
    bad[at]! ^= 1
    for (const chunk of [3000, 3 * PIECE]) {
      const { bytes, fault, upstream } = await read(honest(bad, { chunk }))
      t.equal(fault, 'corrupt')
      t.ok(bytes.equals(BODY.subarray(0, at - (at % PIECE))), `byte ${at}`)
      t.equal(upstream.cancelled, 1)
    }
  }
})

t.test('what was right before is outdated, and no lie', async (t) => {
  t.match(await read(honest(OLD)), { fault: 'outdated', bytes: Buffer.alloc(0) }, 'another size')
  t.equal((await read(honest(OLD), [PIECE, LAST])).fault, 'outdated')
  const sameSize = Buffer.concat([OLD, BODY]).subarray(0, BODY.length)
  const before = manifestOf({ '/x': sameSize }).files.get('/x')!
  const mixed = await read(honest(sameSize), [0, LAST], before)
  t.match(mixed, { fault: 'outdated', bytes: Buffer.alloc(0) }, 'though it begins as the new one does')
  t.strictSame(mixed.upstream.asks[0]!.range, `bytes=${PIECE}-${2 * PIECE - 1}`, 'where they part is asked first')
  const whole = await read(() => ({ body: BODY, headers: { 'content-length': `${BODY.length}` } }), [0, LAST], before)
  t.ok(whole.bytes.equals(BODY), 'also of who knows no ranges')
  t.equal((await read(honest(OLD), [0, LAST], null)).fault, 'corrupt', 'nobody remembers it')
  t.equal((await read(honest(bytesOf(OLD.length)))).fault, 'corrupt', 'its size alone is no excuse')
  t.equal((await read(honest(OLD.subarray(0, 1000)))).fault, 'corrupt', 'neither')
  t.equal((await read(honest(Buffer.alloc(0)), [0, LAST], files.get('/')!)).fault, 'outdated', 'it was empty')
})

t.test('a longer edition, of whose piece the end of the file is a part', async (t) => {
  const longer = Buffer.concat([BODY.subarray(0, -500), bytesOf(5000)])
  const edition = manifestOf({ '/x': longer }).files.get('/x')!
  const end: [number, number] = [2 * PIECE + 10, LAST]
  const { fault, bytes, upstream } = await read(honest(longer), end, edition)
  t.match({ fault, bytes }, { fault: 'outdated', bytes: Buffer.alloc(0) })
  t.equal(upstream.asks.at(-1)!.range, `bytes=${2 * PIECE}-${longer.length - 1}`, 'all of its piece is asked for')
  t.equal((await read(honest(bytesOf(longer.length)), end, edition)).fault, 'corrupt', 'its size alone is no excuse')
  const answers = [honest(longer), () => ({ status: 416 })]
  t.equal((await read((ask) => answers.shift()!(ask), end, edition)).fault, 'unproved', 'who does not answer that')
})

t.test('answers that are none', async (t) => {
  const cases: [answer: FakeAnswer, fault: unknown][] = [
    [{ status: 404 }, 'not-found'],
    [{ status: 410 }, 'blocked'],
    [{ status: 451 }, 'blocked'],
    [{ status: 403 }, 403],
    [{ status: 503, headers: { 'retry-after': '7' } }, 503],
    [{ status: 416 }, 'unproved'],
    [{ status: 206, headers: { 'content-range': `bytes 0-${LAST}/*` }, body: BODY }, 'unproved'],
    [{ headers: { 'content-encoding': 'gzip' }, body: BODY }, 'unproved'],
    [{ body: Buffer.from('<html>soon</html>'), headers: { 'content-length': '17' } }, 'corrupt'],
    [{ body: Buffer.from('<html>soon</html>') }, 'unproved'],
    [{ body: Buffer.alloc(0) }, 'unproved'],
    [{ body: BODY.subarray(0, -1) }, 'unproved'],
  ]
  for (const [answer, fault] of cases) {
    const { fault: found, bytes, upstream } = await read(() => answer)
    t.equal(found, fault, JSON.stringify(answer.status ?? answer.headers))
    t.ok(BODY.subarray(0, bytes.length).equals(bytes))
    t.ok(upstream.cancelled <= 1)
    if (answer.body === undefined) t.equal(upstream.cancelled, 1, 'its body is not waited for')
  }
  t.match(await read(() => ({ body: BODY.subarray(0, 10), error: new Error('reset') })), {
    fault: { message: 'reset' },
  })
  t.equal((await read(() => ({ body: Buffer.concat([BODY, BODY]) }))).fault, null, 'what follows is left unread')
  t.equal((await read(() => ({ headers: { 'content-encoding': 'identity' }, body: BODY }))).fault, null)
})

t.test('answers to a range', async (t) => {
  const range: [number, number] = [PIECE + 5, PIECE + 9]
  const ask = async (answer: FakeAnswer) => (await read(() => answer, range)).fault
  const contentRange = (text: string, first: number) => ({
    status: 206,
    headers: { 'content-range': text },
    body: BODY.subarray(first),
  })
  t.equal(await ask({ body: BODY }), null, 'the whole: what comes first is skipped')
  t.equal(await ask(contentRange(`bytes ${PIECE}-${LAST}/${BODY.length}`, PIECE)), null, 'more than was asked for')
  t.equal(await ask(contentRange(`bytes ${PIECE - 7}-${LAST}/*`, PIECE - 7)), null, 'it begins earlier')
  t.equal(await ask(contentRange(`bytes ${PIECE + 5}-${LAST}/${BODY.length}`, PIECE + 5)), 'unproved', 'later')
  t.equal(await ask(contentRange(`bytes ${PIECE}-${LAST}/${BODY.length + 1}`, PIECE)), 'corrupt', 'another size')
  t.equal(await ask(contentRange(`bytes ${PIECE}-${LAST}/${BODY.length}`, PIECE + 1)), 'corrupt', 'shifted')
  t.equal(await ask({ status: 206, headers: { 'content-type': 'multipart/byteranges' }, body: BODY }), 'unproved')
  const short = await read(() => contentRange(`bytes ${PIECE}-${PIECE + 9}/${BODY.length}`, LAST - 9), range)
  t.equal(short.fault, 'unproved')

  const big = bytesOf(6 * PIECE)
  const file = manifestOf({ '/': big }).files.get('/')!
  const upstream = fakeUpstream(() => ({ body: big }))
  const object = (await new ManifestProof({ target: '/', file, others: () => [] }).locate(upstream)) as ProvedObject
  t.match(await drain(object.read(big.length - 1, big.length - 1)), { error: { fault: 'unproved' } }, 'too far to skip')
  t.equal(upstream.cancelled, 1)
})

t.test('a reader that stops early ends the answer', async (t) => {
  const upstream = fakeUpstream(honest(BODY, { chunk: 1000 }))
  const object = (await new ManifestProof({ target: '/', file: FILE, others: () => [] }).locate(
    upstream,
  )) as ProvedObject
  for await (const _ of object.read(0, LAST)) break
  t.equal(upstream.cancelled, 1)
})

t.test('sizes around the edge of a piece', async (t) => {
  for (const size of [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE]) {
    const body = bytesOf(size)
    const file = manifestOf({ '/': body }).files.get('/')!
    const object = await new ManifestProof({ target: '/', file, others: () => [] }).locate(fakeUpstream(honest(body)))
    const { bytes, error } = await drain((object as ProvedObject).read(0, size - 1))
    t.ok(error === null && bytes.equals(body), `${size}`)
  }
})

t.test('random damage delivers nothing wrong', async (t) => {
  for (let round = 0; round < 60; round++) {
    const bad = Buffer.from(BODY)
    const draw = (below: number) => Math.floor(random() * below)
    if (round % 3 === 0) bad.copyWithin(draw(bad.length), draw(bad.length), draw(bad.length))
    else bad[draw(bad.length)]! ^= 1 << draw(8)
    const first = draw(BODY.length)
    const { bytes } = await read(honest(bad.subarray(0, round % 4 === 0 ? draw(bad.length) : bad.length)), [
      first,
      LAST,
    ])
    t.ok(BODY.subarray(first, first + bytes.length).equals(bytes))
  }
})

t.test('by reference: what the network proves is held against the manifest', async (t) => {
  const wanteds: unknown[] = []
  const inner = (body: Buffer, kind: 'object' | 'absent' = 'object'): Proof => ({
    async locate(_upstream, wanted): Promise<Located> {
      wanteds.push(wanted)
      if (kind === 'absent') return { kind, status: 404 }
      const read = async function* (first: number, last: number) {
        yield body.subarray(first, last + 1)
      }
      return { kind, size: body.length, type: null, etag: '"cid"', immutable: true, read, discard: () => {} }
    },
  })
  const upstream = fakeUpstream(() => ({}))
  const wanted = { first: PIECE + 1, last: PIECE + 2 }
  const object = (await new ReferencedProof(inner(BODY), FILE).locate(upstream, wanted)) as ProvedObject
  t.match(object, { size: BODY.length, type: 'text/plain', etag: FILE.etag, immutable: false })
  t.ok((await drain(object.read(PIECE + 1, PIECE + 2))).bytes.equals(BODY.subarray(PIECE + 1, PIECE + 3)))
  await new ReferencedProof(inner(BODY), FILE).locate(upstream, { first: -5, last: null })
  await new ReferencedProof(inner(BODY), FILE).locate(upstream, 'none')
  t.strictSame(wanteds, [{ first: PIECE, last: 2 * PIECE - 1 }, { first: 2 * PIECE, last: null }, 'none'])

  const wrong = Buffer.from(BODY)
  wrong[0]! ^= 1
  const other = (await new ReferencedProof(inner(wrong), FILE).locate(upstream, 'none')) as ProvedObject
  t.match(await drain(other.read(0, LAST)), { error: { fault: 'unproved' } }, 'the endpoint told the truth')
  for (const proof of [inner(OLD), inner(BODY, 'absent')]) {
    const thrown = await new ReferencedProof(proof, FILE).locate(upstream, 'none').catch((error: unknown) => error)
    t.match(thrown, { name: 'ProofError', fault: 'unproved' })
  }
})
