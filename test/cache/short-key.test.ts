import t from 'tap'
import { shortKey } from '../../src/cache/short-key.ts'

t.test('what is short stays as it is, what is long becomes short and stays apart', (t) => {
  const long = `www\nhttp://a.test/${'x'.repeat(8_000)}`
  t.equal(shortKey('www\nhttp://a.test/'), 'www\nhttp://a.test/')
  t.ok(shortKey(long).length < 64)
  t.equal(shortKey(long), shortKey(`${long}`))
  t.not(shortKey(long), shortKey(`${long}y`))
  t.end()
})
