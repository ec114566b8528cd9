import t from 'tap'
import {
  continued,
  continues,
  contradictsItself,
  partFrom,
  promisedLength,
  type Representation,
  resumable,
} from '../../src/delivery/resume.ts'

const STRICT = { enabled: true, require: 'strong-etag' } as const
const LOOSE = { enabled: true, require: 'length-and-date' } as const

const WHOLE: Representation = {
  status: 200,
  etag: '"v1"',
  lastModified: 'Thu, 01 Oct 2026 10:00:00 GMT',
  contentLength: '1000',
  contentRange: null,
  contentEncoding: null,
  contentType: 'text/plain',
}
const REST: Representation = { ...WHOLE, status: 206, contentLength: '900', contentRange: 'bytes 100-999/1000' }

t.test('a strong ETag makes an answer resumable', async (t) => {
  const state = resumable(WHOLE, STRICT)!
  t.strictSame(partFrom(state, 100), { range: 'bytes=100-999', ifRange: '"v1"' })
  t.ok(continues(state, 100, REST))
})

t.test('what does not prove to be the rest is refused', async (t) => {
  const state = resumable(WHOLE, STRICT)!
  const refused: Record<string, Partial<Representation>> = {
    'the whole again': { status: 200, contentRange: null, contentLength: '1000' },
    'not satisfiable': { status: 416 },
    'another ETag': { etag: '"v2"' },
    'a weak ETag': { etag: 'W/"v1"' },
    'no ETag': { etag: null },
    'another coding': { contentEncoding: 'gzip' },
    'another complete length': { contentRange: 'bytes 100-999/1001' },
    'an unknown complete length': { contentRange: 'bytes 100-999/*' },
    'another first byte': { contentRange: 'bytes 99-999/1000', contentLength: '901' },
    'another last byte': { contentRange: 'bytes 100-998/1000', contentLength: '899' },
    'a length that does not fit': { contentLength: '901' },
    'a range that is none': { contentRange: 'bytes 100-99/1000' },
    'a range beyond the end': { contentRange: 'bytes 100-1000/1000' },
    'another unit': { contentRange: 'items 100-999/1000' },
    'several ranges': { contentRange: null, contentType: 'multipart/byteranges; boundary=x' },
  }
  for (const [name, change] of Object.entries(refused)) t.notOk(continues(state, 100, { ...REST, ...change }), name)
})

t.test('a range that the client asked for is continued within it', async (t) => {
  const state = resumable({ ...WHOLE, status: 206, contentLength: '400', contentRange: 'bytes 200-599/1000' }, STRICT)!
  t.equal(partFrom(state, 50).range, 'bytes=250-599')
  const rest = { ...REST, contentLength: '350', contentRange: 'bytes 250-599/1000' }
  t.ok(continues(state, 50, rest))
  t.notOk(continues(state, 50, { ...rest, contentRange: 'bytes 250-999/1000', contentLength: '750' }))
})

t.test('without a length the rest tells it', async (t) => {
  const state = resumable({ ...WHOLE, contentLength: null }, STRICT)!
  t.equal(partFrom(state, 100).range, 'bytes=100-')
  t.ok(continues(state, 100, REST))
  t.notOk(continues(state, 100, { ...REST, contentRange: 'bytes 100-499/1000', contentLength: '400' }))
})

t.test('what cannot be resumed', async (t) => {
  t.equal(resumable(WHOLE, { ...STRICT, enabled: false }), null, 'switched off')
  t.equal(resumable({ ...WHOLE, etag: 'W/"v1"' }, STRICT), null, 'a weak ETag')
  t.equal(resumable({ ...WHOLE, etag: null }, STRICT), null, 'no ETag')
  t.equal(resumable({ ...WHOLE, status: 404 }, STRICT), null, 'an error page')
  t.equal(resumable({ ...WHOLE, contentLength: '0' }, STRICT), null, 'nothing')
  t.equal(resumable({ ...WHOLE, contentLength: '1e3x' }, STRICT), null, 'a length that is none')
  t.equal(resumable({ ...WHOLE, status: 206, contentRange: null }, STRICT), null, 'several ranges')
})

t.test('length and date prove where that was opted in to', async (t) => {
  const weak = { ...WHOLE, etag: 'W/"v1"' }
  const state = resumable(weak, LOOSE)!
  t.equal(partFrom(state, 100).ifRange, WHOLE.lastModified)
  t.ok(continues(state, 100, { ...REST, etag: null }))
  t.notOk(continues(state, 100, { ...REST, etag: null, lastModified: 'Thu, 01 Oct 2026 10:00:01 GMT' }))
  t.equal(resumable({ ...weak, contentLength: null }, LOOSE), null, 'not without a length')
  t.equal(resumable({ ...weak, lastModified: null }, LOOSE), null, 'not without a date')
})

t.test('once it was continued, the complete length is part of the proof', async (t) => {
  const first = resumable({ ...WHOLE, contentLength: null }, STRICT)!
  const state = continued(first, REST)
  t.equal(partFrom(state, 200).range, 'bytes=200-999')
  const rest = (complete: number) => ({
    ...REST,
    contentRange: `bytes 200-${complete - 1}/${complete}`,
    contentLength: String(complete - 200),
  })
  t.ok(continues(state, 200, rest(1000)))
  t.notOk(continues(state, 200, rest(2000)))
  t.notOk(continues(state, 200, rest(500)))
})

t.test('what an answer promises, and whether it contradicts itself', async (t) => {
  t.equal(promisedLength(WHOLE), 1000)
  t.equal(promisedLength(REST), 900)
  t.equal(promisedLength({ ...REST, contentLength: null }), 900)
  t.equal(promisedLength({ ...WHOLE, contentLength: null }), null)
  t.equal(promisedLength({ ...WHOLE, status: 404 }), null)
  t.notOk(contradictsItself(WHOLE))
  t.notOk(contradictsItself(REST))
  t.notOk(contradictsItself({ ...REST, contentLength: null }))
  t.ok(contradictsItself({ ...REST, contentLength: '50' }))
  t.ok(contradictsItself({ ...REST, contentLength: '1000' }))
})

t.test('several ranges in one answer are not continued, whatever else they say', async (t) => {
  const multipart = { ...REST, contentType: 'multipart/byteranges; boundary=x' }
  t.equal(resumable(multipart, STRICT), null)
  t.notOk(continues(resumable(WHOLE, STRICT)!, 100, multipart))
})
