import t from 'tap'
import {
  editionOf,
  firstSpan,
  isAll,
  isSameEdition,
  lastAtOnce,
  learn,
  objectKey,
  PIECE,
  pieceKey,
  pieceOf,
  spanOf,
} from '../../../src/cache/rules/pieces.ts'
import { fields, table } from '../support/table.ts'

const MIB = PIECE

table(
  'what is asked for first',
  [
    ['9110-14.2', 'no Range: the whole', undefined, null],
    ['own', 'the piece that the part is in', 'bytes=10-19', { first: 0, last: MIB - 1 }],
    ['own', 'all pieces that it touches', `bytes=${MIB - 1}-${2 * MIB}`, { first: 0, last: 3 * MIB - 1 }],
    ['own', 'no more than sixteen at once', 'bytes=5-', { first: 0, last: 16 * MIB - 1 }],
    ['own', 'from where it begins', `bytes=${3 * MIB}-`, { first: 3 * MIB, last: 19 * MIB - 1 }],
    ['9110-14.1.2', 'from the end: nobody knows which piece that is', 'bytes=-5', null],
    ['9110-14.2', 'several', 'bytes=0-1,5-6', null],
    ['9110-14.2', 'another unit', 'lines=0-1', null],
    ['9110-14.1.1', 'no grammar', 'bytes=5-1', null],
    [
      'own',
      'further than any object goes',
      'bytes=999999999999999-',
      { first: 953674316 * MIB, last: 953674332 * MIB - 1 },
    ],
  ],
  firstSpan,
)

const ASKED = { first: MIB, last: 3 * MIB - 1 }
const TAG = 'ETag: "a"'

table(
  'what an answer brings',
  [
    ['9110-15.3.7', 'the pieces', [206, `${TAG} | Content-Range: bytes ${MIB}-${3 * MIB - 1}/${9 * MIB}`], '"a"'],
    [
      '9110-14.4',
      'cut at the end of the object',
      [206, `${TAG} | Content-Range: bytes ${MIB}-${MIB + 4}/${MIB + 5}`],
      '"a"',
    ],
    [
      '9110-15.3.7.3',
      'a weak tag proves nothing',
      [206, `ETag: W/"a" | Content-Range: bytes ${MIB}-${MIB + 4}/${MIB + 5}`],
      'no edition',
    ],
    [
      '9110-15.3.7.3',
      'nor does a date',
      [206, `Last-Modified: x | Content-Range: bytes ${MIB}-${MIB + 4}/${MIB + 5}`],
      'no edition',
    ],
    ['9111-3.3', 'less than was asked for', [206, `${TAG} | Content-Range: bytes ${MIB}-${2 * MIB}/${9 * MIB}`], null],
    ['9111-3.3', 'from another place', [206, `${TAG} | Content-Range: bytes 0-${3 * MIB - 1}/${9 * MIB}`], null],
    ['9110-14.4', 'of unknown size', [206, `${TAG} | Content-Range: bytes ${MIB}-${3 * MIB - 1}/*`], null],
    ['9110-15.3.7.2', 'several ranges', [206, `${TAG} | Content-Type: multipart/byteranges`], null],
    ['9110-14.2', 'the whole: Range did not count', [200, TAG], null],
    ['9110-15.5.17', 'nothing', [416, `Content-Range: bytes */5`], null],
  ] as const,
  ([status, text]) => {
    const learned = learn({ status, fields: fields(text) }, ASKED)
    return learned === null ? null : (learned.edition?.tag ?? 'no edition')
  },
)

t.test('a part that is all of it is as good as a 200', async (t) => {
  const answer = { status: 206, fields: fields('content-range: bytes 0-4/5 | content-length: 5 | x: y') }
  const learned = learn(answer, { first: 0, last: MIB - 1 })!
  t.ok(isAll(learned))
  t.same(learned.fields, ['x', 'y', 'content-length', '5'])
  const part = learn(
    { status: 206, fields: fields(`content-range: bytes 0-${MIB - 1}/${MIB + 1}`) },
    spanOf(0, 0, null),
  )!
  t.notOk(isAll(part))
})

t.test('pieces of one edition have keys of their own', async (t) => {
  const one = editionOf(fields('ETag: "a"'), 5)!
  const others = [
    editionOf(fields('ETag: "b"'), 5)!,
    editionOf(fields('ETag: "a"'), 6)!,
    editionOf(fields('ETag: "a" | Content-Encoding: br'), 5)!,
  ]
  const keys = new Set([objectKey('k'), pieceKey('k', one, 0), pieceKey('k', one, 1)])
  for (const other of others) {
    t.notOk(isSameEdition(one, other))
    keys.add(pieceKey('k', other, 0))
  }
  t.equal(keys.size, 6)
  t.ok(isSameEdition(one, editionOf(fields('etag: "a"'), 5)!))
})

t.test('places', async (t) => {
  t.same([0, MIB - 1, MIB].map(pieceOf), [0, 0, 1])
  t.same(spanOf(1, 2, null), { first: MIB, last: 3 * MIB - 1 })
  t.same(spanOf(1, 2, 2 * MIB + 7), { first: MIB, last: 2 * MIB + 6 })
  t.same([lastAtOnce(4, 6), lastAtOnce(4, 100)], [6, 19])
})
