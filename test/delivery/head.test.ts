import t from 'tap'
import { fieldOf, isChallenge, representationOf, retryAfterOf } from '../../src/delivery/head.ts'

function head(...fields: string[]) {
  return { status: 200, rawHeaders: fields.map((text) => Buffer.from(text, 'latin1')) }
}

t.test('a field is found whatever its case, and one that stands twice says nothing', async (t) => {
  t.equal(fieldOf(head('X', 'y', 'ETaG', ' "1" '), 'etag'), '"1"')
  t.equal(fieldOf(head('etag', '"1"', 'ETag', '"2"'), 'etag'), null)
  t.equal(fieldOf(head(), 'etag'), null)
})

t.test('what an answer says about its bytes', async (t) => {
  const given = head('ETag', '"1"', 'Content-Length', '5', 'Content-Encoding', 'br', 'Content-Type', 'text/plain')
  t.strictSame(representationOf(given), {
    status: 200,
    etag: '"1"',
    lastModified: null,
    contentLength: '5',
    contentRange: null,
    contentEncoding: 'br',
    contentType: 'text/plain',
  })
})

t.test('Retry-After in seconds or as a date, never more than a minute', async (t) => {
  const now = Date.parse('Fri, 20 Nov 2026 10:00:00 GMT')
  const after = (value: string) => retryAfterOf(head('retry-after', value), now)
  t.equal(after('7'), 7000)
  t.equal(after('0'), 0)
  t.equal(after('86400'), 60_000)
  t.equal(after('Fri, 20 Nov 2026 10:00:30 GMT'), 30_000)
  t.equal(after('Fri, 20 Nov 2026 09:00:00 GMT'), 0)
  t.equal(after('soon'), 0)
  t.equal(retryAfterOf(head(), now), 0)
})

t.test('a challenge', async (t) => {
  t.ok(isChallenge(head('CF-Mitigated', 'Challenge')))
  t.notOk(isChallenge(head('cf-mitigated', 'block')))
})

t.test('two codings on two lines are not none', async (t) => {
  t.equal(representationOf(head('Content-Encoding', 'gzip', 'content-encoding', 'br')).contentEncoding, 'gzip, br')
  t.equal(representationOf(head()).contentEncoding, null)
})
