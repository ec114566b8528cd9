import t from 'tap'
import { WholeLines } from '../../src/workers/whole-lines.ts'

function reader() {
  const lines: string[] = []
  return { lines, whole: new WholeLines((line) => lines.push(line)) }
}

t.test('chunks may end anywhere, in a character too', async (t) => {
  const bytes = Buffer.from('first\nGröße 🦊\n\nlast\nhalf')
  for (let size = 1; size <= bytes.length; size++) {
    const { lines, whole } = reader()
    for (let at = 0; at < bytes.length; at += size) whole.push(bytes.subarray(at, at + size))
    t.strictSame(lines, ['first', 'Größe 🦊', 'last'], `chunks of ${size}`)
  }
})

t.test('a line without an end does not grow for ever, and the next ones come', async (t) => {
  const { lines, whole } = reader()
  const chunk = Buffer.alloc(256 * 1024, 'x')
  for (let count = 0; count < 20; count++) whole.push(chunk)
  whole.push(Buffer.from('\nnext\n'))
  t.equal(lines.at(-1), 'next')
  t.ok(lines.every((line) => line.length <= 1024 * 1024 + chunk.length))
})
