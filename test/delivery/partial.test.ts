import t from 'tap'
import { isPartAsked } from '../../src/delivery/partial.ts'

function answer(contentRange: string | null, contentType = 'text/plain', status = 206) {
  return {
    status,
    etag: null,
    lastModified: null,
    contentLength: null,
    contentEncoding: null,
    contentRange,
    contentType,
  }
}

const CASES: readonly (readonly [asked: string | null, range: string | null, expected: boolean])[] = [
  [null, 'bytes 0-1/9', false],
  [null, null, false],
  [null, 'items 0-1/9', true],
  [null, '0-14/*', true],
  ['bytes=0-1', null, false],
  ['bytes=0-1', 'bytes 0-1/9', true],
  ['bytes=0-1', 'BYTES 0-1/*', true],
  ['bytes=0-9', 'bytes 0-4/5', true],
  ['bytes=0-1', 'bytes 0-2/9', false],
  ['bytes=0-1', 'bytes 1-1/9', false],
  ['bytes=0-1', 'bytes 1-0/9', false],
  ['bytes=0-1', 'bytes */9', false],
  ['bytes=3-', 'bytes 3-8/9', true],
  ['bytes=3-', 'bytes 2-8/9', false],
  ['bytes=-2', 'bytes 7-8/9', true],
  ['bytes=-2', 'bytes 5-6/9', false],
  ['bytes=-2', 'bytes 5-6/*', true],
  ['bytes=0-1, 5-6', 'bytes 0-6/9', true],
]

t.test('a 206 is the part that was asked for', async (t) => {
  for (const [asked, range, expected] of CASES)
    t.equal(isPartAsked(asked, answer(range)), expected, `${asked} ${range}`)
  const multipart = answer(null, 'multipart/byteranges; boundary=x')
  t.equal(isPartAsked('bytes=0-1, 5-6', multipart), true)
  t.equal(isPartAsked(null, multipart), false)
  t.equal(isPartAsked(null, answer('bytes 0-1/9', 'text/plain', 200)), true, 'whatever else is no part')
})
