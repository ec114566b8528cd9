import t from 'tap'
import { multipartOf } from '../../../src/cache/rules/multipart.ts'

t.test('several parts are one answer, of the length that it says', async (t) => {
  const content = '0123456789'
  const parts = [
    { first: 7, last: 9 },
    { first: 0, last: 1 },
  ]
  const { contentType, contentLength, heads, end } = multipartOf(parts, content.length, 'text/plain', 'xyz')
  const sent = parts.map(({ first, last }, at) => heads[at] + content.slice(first, last + 1)).join('') + end
  t.equal(contentType, 'multipart/byteranges; boundary=xyz')
  t.equal(sent.length, contentLength)
  t.equal(
    sent.replaceAll('\r\n', '\n'),
    `--xyz
Content-Type: text/plain
Content-Range: bytes 7-9/10

789
--xyz
Content-Type: text/plain
Content-Range: bytes 0-1/10

01
--xyz--
`,
  )
  t.notMatch(multipartOf(parts, 10, null, 'xyz').heads[0], /Content-Type/)
})
