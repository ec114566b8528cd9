import t from 'tap'
import { encodedFields, variedFields } from '../../src/compression/encoded-fields.ts'
import { encodedTag, withUpstreamTags } from '../../src/compression/encoded-tag.ts'
import { MediaTypes } from '../../src/compression/media-types.ts'
import { chooseVariant } from '../../src/compression/variant.ts'

const SETTINGS = { encodings: ['br', 'gzip'], types: new MediaTypes(['text/*']), minSize: 10 } as const

const asking = (fields: Readonly<Record<string, string>>) => ({ header: (name: string) => fields[name] ?? null })

t.test('the fields of an encoded variant', async (t) => {
  const sent = ['Content-Type', 'text/css', 'Content-Length', '99', 'ETag', '"a"', 'Last-Modified', 'x']
  const gone = ['Accept-Ranges', 'bytes', 'Content-MD5', 'x', 'Digest', 'x', 'Repr-Digest', 'x', 'Content-Digest', 'x']
  t.strictSame(encodedFields([...sent, ...gone], 'br'), [
    ...['Content-Type', 'text/css', 'Last-Modified', 'x'],
    ...['etag', '"a-br"', 'content-encoding', 'br', 'vary', 'Accept-Encoding'],
  ])
})

t.test('Vary says Accept-Encoding once', async (t) => {
  t.strictSame(variedFields(['vary', 'Origin']), ['vary', 'Origin', 'vary', 'Accept-Encoding'])
  t.strictSame(variedFields(['Vary', 'Origin, accept-Encoding']), ['Vary', 'Origin, accept-Encoding'])
  t.strictSame(variedFields(['vary', 'a', 'vary', '*']), ['vary', 'a', 'vary', '*'])
})

t.test('entity tags: RFC 9110 section 8.8.3.3', async (t) => {
  t.equal(encodedTag('"a"', 'gzip'), '"a-gzip"')
  t.equal(encodedTag('""', 'br'), '"-br"')
  t.equal(encodedTag('W/"a"', 'gzip'), 'W/"a"', 'a weak one says no more than that contents mean the same')
  t.equal(encodedTag('a', 'gzip'), null, 'what is none is dropped')
})

/** If-None-Match as sent, the codings whose tags count, and as upstreams are asked. */
const CONDITIONS: readonly (readonly [sent: string, encodings: readonly ('br' | 'gzip')[], named: string])[] = [
  ['"a-br"', ['br'], '"a-br", "a"'],
  ['W/"a-br"', ['br'], 'W/"a-br", W/"a"'],
  ['"a-br", "b", "c-br"', ['br'], '"a-br", "b", "c-br", "a", "c"'],
  ['"a-br", "a-gzip"', ['br', 'gzip'], '"a-br", "a-gzip", "a"'],
  ['"a", "a-br"', ['br'], '"a", "a-br"'],
  ['"a-gzip"', ['br'], '"a-gzip"'],
  ['"-br"', ['br'], '"-br", ""'],
  ['"a,b-br"', ['br'], '"a,b-br", "a,b"'],
  ['*', ['br'], '*'],
  ['a-br', ['br'], 'a-br'],
  ['"br"', ['br'], '"br"'],
  [Array(100).fill('"a-br"').join(), ['br'], Array(100).fill('"a-br"').join()],
]

for (const [sent, encodings, named] of CONDITIONS) {
  t.test(`${sent.slice(0, 40)} for ${encodings}`, async (t) => t.equal(withUpstreamTags(sent, encodings), named))
}

t.test('an answer that may be compressed varies, whatever variant goes', async (t) => {
  const head = { status: 200, fields: ['content-type', 'text/html', 'etag', '"a"'] }
  const plain = ['content-type', 'text/html', 'etag', '"a"', 'vary', 'Accept-Encoding']
  t.match(chooseVariant(asking({}), head, SETTINGS), { encoding: null, fields: plain })
  const chosen = chooseVariant(asking({ 'accept-encoding': 'gzip' }), head, SETTINGS)
  t.match(chosen, { encoding: 'gzip', identity: plain })
  t.ok(chosen.fields.includes('"a-gzip"'))
  const kept = asking({ 'accept-encoding': 'gzip', 'cache-control': 'no-transform' })
  t.match(chooseVariant(kept, head, SETTINGS), { encoding: null, fields: plain }, 'RFC 9111 section 5.2.1.6')
  const picture = { status: 200, fields: ['content-type', 'image/png'] }
  t.strictSame(chooseVariant(asking({ 'accept-encoding': 'gzip' }), picture, SETTINGS).fields, picture.fields)
})

t.test('a part stays, and varies as its whole does', async (t) => {
  const head = { status: 206, fields: ['content-type', 'text/html', 'content-range', 'bytes 0-1/2'] }
  const chosen = chooseVariant(asking({ 'accept-encoding': 'br' }), head, SETTINGS)
  t.match(chosen, { encoding: null, fields: [...head.fields, 'vary', 'Accept-Encoding'] })
})

/** If-None-Match beside `Accept-Encoding: br`, the upstream's tag in its 304, and the client's. */
const NOT_MODIFIED: readonly (readonly [has: string, upstream: string, tag: string])[] = [
  ['"a-br", "a"', '"a"', '"a-br"'],
  ['W/"a-br"', '"a"', '"a-br"'],
  ['"a"', '"a"', '"a"'],
  ['"a-gzip"', '"a"', '"a"'],
  ['*', '"a"', '"a"'],
  ['"a-br"', '"a-br"', '"a-br"'],
  ['W/"a"', 'W/"a"', 'W/"a"'],
]

for (const [has, upstream, tag] of NOT_MODIFIED) {
  t.test(`304 ${upstream} for who has ${has}`, async (t) => {
    const asked = asking({ 'accept-encoding': 'br', 'if-none-match': has })
    const { fields } = chooseVariant(asked, { status: 304, fields: ['ETag', upstream, 'date', 'x'] }, SETTINGS)
    t.strictSame(fields.slice(0, 4), ['ETag', tag, 'date', 'x'])
    t.equal(fields.includes('vary'), tag !== upstream)
  })
}
