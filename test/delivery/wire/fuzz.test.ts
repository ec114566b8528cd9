import t from 'tap'
import { seededRandom } from '../../helpers/random.ts'
import { fuzzWire } from '../support/wire-fuzz.ts'

const ANSWERS = 400

t.test('what is right is read as it was meant, and what is damaged as Node reads it or not at all', async (t) => {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  t.teardown(() => process.off('unhandledRejection', onRejection))
  let left = ANSWERS
  const { answers, seen, reused, bad } = await fuzzWire(t, { random: seededRandom(20_261_128), more: () => left-- > 0 })
  t.same(bad, [])
  t.same(rejections, [])
  t.equal(answers, ANSWERS)
  t.ok(reused > ANSWERS / 2, `${reused} requests found a connection`)
  // Neither everything nor nothing gets through: the fuzz still bites.
  for (const kind of ['valid', 'given up', 'read', 'refused'])
    t.ok(seen[kind]! > ANSWERS / 50, `${kind}: ${seen[kind]}`)
})
