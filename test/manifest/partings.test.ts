import t from 'tap'
import { PIECE } from '../../src/manifest/manifest.ts'
import { partings } from '../../src/manifest/partings.ts'
import { manifestOf } from './support/manifests.ts'

const edition = (...pieces: readonly string[]) => {
  const bytes = Buffer.concat(pieces.map((fill) => Buffer.alloc(PIECE, fill)))
  return manifestOf({ '/f': bytes }).files.get('/f')!
}

t.test('where editions that begin alike part', async (t) => {
  const file = edition('a', 'b', 'c', 'd')
  const end = 4 * PIECE - 1
  const at = (others: Parameters<typeof partings>[1], first = 0, last = end) => [...partings(file, others, first, last)]
  t.strictSame(at([]), [])
  t.strictSame(at([edition('x', 'b', 'c', 'd')]), [], 'the first piece tells')
  t.strictSame(at([edition('a', 'b', 'x', 'y')]), [2 * PIECE])
  t.strictSame(at([edition('a', 'b', 'c', 'x'), edition('a', 'x', 'c', 'd')]), [3 * PIECE, PIECE])
  t.strictSame(at([edition('a', 'b', 'x', 'd')], 0, 2 * PIECE - 1), [], 'what is wanted is the same in both')
  t.strictSame(at([edition('a', 'b', 'x', 'd')], 2 * PIECE + 5), [], 'the first that is wanted tells')
  t.strictSame(at([edition('a', 'b', 'x', 'd')], 3 * PIECE), [])
  t.strictSame(at([edition('a', 'b', 'c')]), [], 'an answer tells its size')
})
