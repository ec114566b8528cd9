import t from 'tap'
import { enumerate, shown } from '../../src/delivery/compare-text.ts'

t.test('nothing that an upstream sent moves a cursor', async (t) => {
  t.equal(shown('"v1" – W/"v2"'), '"v1" – W/"v2"')
  t.equal(shown('\x1b[2J\x9b\r\n\t\x7f\xe9'), String.raw`\x1b[2J\x9b\x0d\x0a\x09\x7f\xe9`)
  t.equal(shown('\u202ex'), String.raw`\x202ex`)
  t.equal(shown('x'.repeat(61)), `${'x'.repeat(59)}…`)
  t.equal(shown('x'.repeat(60)), 'x'.repeat(60))
  t.equal(shown('abc', 2), 'a…')
})

t.test('lists', async (t) => {
  t.equal(enumerate([]), '')
  t.equal(enumerate(['a']), 'a')
  t.equal(enumerate(['a', 'b']), 'a and b')
  t.equal(enumerate(['a', 'b', 'c']), 'a, b and c')
})
