import t from 'tap'
import { type Answer, bytesDiffer, disagreements, lengthOf, type Whole } from '../../src/delivery/compare.ts'
import type { Representation } from '../../src/delivery/resume.ts'

const REPRESENTATION: Representation = {
  status: 200,
  etag: '"v1"',
  lastModified: null,
  contentLength: '1000',
  contentRange: null,
  contentEncoding: null,
  contentType: 'text/plain',
}

function whole(over: Partial<Representation> = {}, rest: Partial<Whole> = {}): Whole {
  const representation = { ...REPRESENTATION, ...over }
  return { representation, cacheControl: 'max-age=60', bytes: 1000, complete: true, sha256: 'aa', ...rest }
}

function sentences(results: Readonly<Record<string, Answer['result']>>): string[] {
  const answers = Object.entries(results).map(([name, result]) => ({ name, result }))
  return disagreements(answers).map(({ about, text }) => `${about}| ${text}`)
}

t.test('equal answers agree', async (t) => {
  t.strictSame(sentences({}), [])
  t.strictSame(sentences({ a: whole() }), [])
  const spelling = whole({ contentLength: null, contentEncoding: null }, { cacheControl: ' MAX-AGE=60 ,' })
  t.strictSame(sentences({ a: whole(), b: spelling, c: whole() }), [])
  t.strictSame(sentences({ a: whole({ contentEncoding: 'GZIP' }), b: whole({ contentEncoding: 'gzip' }) }), [])
})

t.test('what differs is named, with who says what', async (t) => {
  const table: readonly (readonly [name: string, odd: Answer['result'], says: readonly string[]])[] = [
    ['no answer', { failure: 'dns_error' }, ['answer| c gives no answer: dns_error']],
    ['status', whole({ status: 503 }), ['status| the statuses differ: 200 at a and b; 503 at c']],
    ['no ETag', whole({ etag: null }), ['etag| the ETags differ: "v1" at a and b; none at c']],
    ['another ETag', whole({ etag: '"v2"' }), ['etag| the ETags differ: "v1" at a and b; "v2" at c']],
    ['weakened', whole({ etag: 'W/"v1"' }), ['etag| c weakens the ETag that a and b gave: W/"v1", not "v1"']],
    ['another weak one', whole({ etag: 'W/"v2"' }), ['etag| the ETags differ: "v1" at a and b; W/"v2" at c']],
    ['length', whole({ contentLength: '1001' }), ['length| the lengths differ: 1000 at a and b; 1001 at c']],
    [
      'caching',
      whole({}, { cacheControl: null }),
      ['cache-control| Cache-Control differs: max-age=60 at a and b; none at c'],
    ],
    [
      'bytes',
      whole({}, { sha256: 'bb' }),
      ['body| the bytes differ though their number is the same, SHA-256: aa at a and b; bb at c'],
    ],
    [
      'the coding, and with it everything that a coding changes',
      whole({ contentEncoding: 'br', contentLength: '300' }, { bytes: 300, sha256: 'bb' }),
      ['encoding| the encodings differ: identity at a and b; br at c'],
    ],
  ]
  for (const [name, odd, says] of table) t.strictSame(sentences({ a: whole(), b: whole(), c: odd }), says, name)
})

t.test('two that weaken, and a third story', async (t) => {
  const weak = whole({ etag: 'W/"v1"' })
  t.strictSame(sentences({ a: weak, b: whole(), c: weak, d: whole({ etag: '"v2"' }) }), [
    'etag| a and c weaken the ETag that b gave: W/"v1", not "v1"',
    'etag| the ETags differ: "v1" at b; "v2" at d',
  ])
})

t.test('error pages may differ in all but their status', async (t) => {
  const page = (name: string) => whole({ status: 404, etag: name, contentLength: null }, { sha256: name })
  t.strictSame(sentences({ a: page('a'), b: page('b') }), [])
})

t.test('what was not read to its end', async (t) => {
  const cut = whole({ contentLength: null }, { bytes: 500, complete: false, sha256: 'cc' })
  t.equal(lengthOf(cut), null)
  t.equal(lengthOf(whole({ contentLength: null })), 1000)
  t.equal(lengthOf(whole({ contentLength: 'ten' })), 1000, 'nonsense is counted')
  t.strictSame(sentences({ a: whole(), b: cut }), [], 'nothing is known of the rest')
  t.equal(bytesDiffer(whole(), cut), false)
  t.equal(bytesDiffer(cut, { ...cut, sha256: 'dd' }), true)
  t.strictSame(sentences({ a: cut, b: { ...cut, sha256: 'dd' } }).length, 1)
})

t.test('what an upstream sent is shown short and harmless', async (t) => {
  const [text] = sentences({ a: whole(), b: whole({ etag: `"\x1b[2J\x9b${'x'.repeat(70_000)}"` }) })
  t.match(text, String.raw`"\x1b[2J\x9bxxx`)
  t.ok(text!.length < 200)
})
