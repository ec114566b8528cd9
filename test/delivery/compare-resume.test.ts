import t from 'tap'
import type { Policy } from '../../src/config/snapshot.ts'
import { whyNotAsked, whyNotResumable, whyRefused } from '../../src/delivery/compare-resume.ts'
import { continues, type Representation, resumable } from '../../src/delivery/resume.ts'

const STRICT = { enabled: true, require: 'strong-etag' } as const
const LOOSE = { enabled: true, require: 'length-and-date' } as const
const DATE = 'Thu, 01 Oct 2026 10:00:00 GMT'

const WHOLE: Representation = {
  status: 200,
  etag: '"v1"',
  lastModified: DATE,
  contentLength: '1000',
  contentRange: null,
  contentEncoding: null,
  contentType: 'text/plain',
}
const REST: Representation = { ...WHOLE, status: 206, contentLength: '900', contentRange: 'bytes 100-999/1000' }

t.test('why nothing could continue an answer', async (t) => {
  const table: readonly (readonly [change: Partial<Representation>, strict: string | null, loose: string | null])[] = [
    [{}, null, null],
    [{ status: 404 }, 'it answers 404', 'it answers 404'],
    [{ etag: null }, 'it has no ETag', null],
    [{ etag: 'W/"v1"' }, 'its ETag is weak (W/"v1")', null],
    [{ etag: 'v1' }, 'its ETag is invalid (v1)', null],
    [{ contentLength: '0' }, 'it has no bytes', 'it has no bytes'],
    [{ contentLength: '1e3x' }, 'its Content-Length is no number', 'its Content-Length is no number'],
    [{ contentLength: '1000, 1000' }, 'its Content-Length is no number', 'its Content-Length is no number'],
    [{ etag: null, contentLength: null }, 'it has no ETag', 'it has no ETag, and its length is not known'],
    [{ etag: null, lastModified: null }, 'it has no ETag', 'it has no ETag, and it has no Last-Modified'],
  ]
  for (const [change, strict, loose] of table) {
    const answer = { ...WHOLE, ...change }
    t.equal(whyNotResumable(answer, STRICT), strict, JSON.stringify(change))
    t.equal(whyNotResumable(answer, LOOSE), loose, JSON.stringify(change))
    t.equal(whyNotResumable(answer, STRICT) === null, resumable(answer, STRICT) !== null, 'as the gateway judges')
    t.equal(whyNotResumable(answer, LOOSE) === null, resumable(answer, LOOSE) !== null)
  }
  t.equal(whyNotResumable(WHOLE, { ...STRICT, enabled: false }), 'resume.enabled is false in the policy')
})

t.test('why an answer is not the rest', async (t) => {
  const again = { status: 200, contentRange: null, contentLength: '1000' }
  const table: readonly (readonly [change: Partial<Representation>, why: string | null])[] = [
    [{}, null],
    [again, 'it ignores the Range and answers 200 with the whole'],
    [{ ...again, etag: 'W/"v1"' }, 'it weakens the ETag (W/"v1")'],
    [{ ...again, contentEncoding: 'br' }, 'its encoding is br, not identity'],
    [{ ...again, contentLength: '999' }, 'its length is 999, not 1000'],
    [{ ...again, contentLength: null }, 'it ignores the Range and answers 200 with the whole'],
    [{ status: 416 }, 'it answers 416 to the Range request'],
    [{ status: 503 }, 'it answers 503 to the Range request'],
    [{ etag: '"v2"' }, 'its ETag is "v2", not "v1"'],
    [{ etag: null }, 'it has no ETag'],
    [{ contentEncoding: 'gzip' }, 'its encoding is gzip, not identity'],
    [{ contentRange: 'bytes 100-999/1001' }, 'its length is 1001, not 1000'],
    [{ contentRange: null }, 'it answers 206 without one Content-Range'],
    [
      { contentRange: 'bytes 99-999/1000' },
      'its Content-Range (bytes 99-999/1000) or Content-Length is not what was asked for',
    ],
    [
      { contentRange: 'bytes 100-999/*' },
      'its Content-Range (bytes 100-999/*) or Content-Length is not what was asked for',
    ],
    [{ contentLength: '901' }, 'its Content-Range (bytes 100-999/1000) or Content-Length is not what was asked for'],
  ]
  const state = resumable(WHOLE, STRICT)!
  for (const [change, why] of table) {
    const answer = { ...REST, ...change }
    t.equal(whyRefused(state, 100, answer), why, JSON.stringify(change))
    t.equal(why === null, continues(state, 100, answer), 'as the gateway judges')
  }
})

t.test('where the date is the proof', async (t) => {
  const state = resumable({ ...WHOLE, etag: 'W/"v1"' }, LOOSE)!
  t.equal(whyRefused(state, 100, { ...REST, etag: null }), null)
  t.equal(whyRefused(state, 100, { ...REST, lastModified: null }), 'it has no Last-Modified')
  t.equal(whyRefused(state, 100, { ...REST, lastModified: 'today' }), 'its Last-Modified is today')
})

t.test('what the policy itself forbids', async (t) => {
  const policy = (attempts: number, on: readonly string[]) =>
    ({ retry: { attempts, on: new Set(on) } }) as unknown as Policy
  t.equal(whyNotAsked(policy(2, ['reset']), false, false), null)
  t.equal(whyNotAsked(policy(2, ['response-timeout']), false, true), null)
  t.equal(whyNotAsked(policy(3, ['connect-failure']), false, true), 'retry.on has neither reset nor response-timeout')
  t.equal(whyNotAsked(policy(1, ['reset']), false, false), 'retry.attempts is 1')
  t.equal(whyNotAsked(policy(1, ['reset']), false, true), null, 'the origin is not counted')
  t.equal(whyNotAsked(policy(1, ['reset']), true, false), null)
})
