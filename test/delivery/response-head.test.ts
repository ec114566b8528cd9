import t from 'tap'
import { isSound } from '../../src/delivery/response-head.ts'

type Fields = readonly (readonly [name: string, value: string])[]

const LENGTH = ['Content-Length', '5'] as const
const CODING = ['Transfer-Encoding', 'chunked'] as const
const SOUND: readonly (readonly [status: number, fields: Fields])[] = [
  [100, []],
  [200, []],
  [599, [LENGTH]],
  [200, [['content-length', '0005']]],
  [200, [['content-LENGTH', String(Number.MAX_SAFE_INTEGER)]]],
  [200, [CODING]],
  [304, [['transfer-encoding', ' CHUNKED\t']]],
  [200, Array.from({ length: 1000 }, () => ['x', ''] as const)],
]
const UNSOUND: readonly (readonly [status: number, fields: Fields])[] = [
  [0, []],
  [99, []],
  [600, []],
  [200, [LENGTH, LENGTH]],
  [200, [LENGTH, ['content-length', '6']]],
  [200, [['content-length', '5, 5']]],
  [200, [['content-length', '']]],
  [200, [['content-length', '+5']]],
  [200, [['content-length', '9007199254740992']]],
  [200, [LENGTH, CODING]],
  [200, [CODING, CODING]],
  [200, [['transfer-encoding', 'gzip, chunked']]],
  [200, [['transfer-encoding', '']]],
  [103, [CODING]],
  [204, [CODING]],
  [200, Array.from({ length: 1001 }, () => ['x', ''] as const)],
]

t.test('what nobody could read otherwise is sound, as bytes and as text', async (t) => {
  for (const [expected, cases] of [[true, SOUND] as const, [false, UNSOUND] as const]) {
    for (const [status, fields] of cases) {
      const what = `${status} ${JSON.stringify(fields).slice(0, 100)}`
      t.equal(isSound({ status, rawHeaders: fields.flat() }), expected, what)
      const bytes = fields.flat().map((text) => Buffer.from(text, 'latin1'))
      t.equal(isSound({ status, rawHeaders: bytes }), expected, what)
    }
  }
})
