import t from 'tap'
import { seededRandom } from '../helpers/random.ts'
import { fuzzResponses } from './support/response-fuzz.ts'

const ANSWERS = 600

t.test('damaged answers: an answer or a visible end, and the next request has its own answer', async (t) => {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  t.teardown(() => process.off('unhandledRejection', onRejection))
  let left = ANSWERS
  const { answers, seen, bad } = await fuzzResponses(t, { random: seededRandom(20_261_126), more: () => left-- > 0 })
  t.same(bad, [])
  t.same(rejections, [])
  t.equal(answers, ANSWERS)
  // Neither everything nor nothing gets through: the fuzz still bites.
  for (const kind of ['200', '502', 'cut']) t.ok(seen[kind]! > ANSWERS / 50, `${kind}: ${seen[kind]}`)
})
