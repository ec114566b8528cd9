import t from 'tap'
import { seededRandom } from '../../helpers/random.ts'
import { fuzzIpfs } from './support/fuzz.ts'

t.test('damage is refused, and nothing else comes of it', async (t) => {
  let left = 3000
  const { rounds, whole, bad } = await fuzzIpfs({ random: seededRandom(20_261_127), more: () => left-- > 0 })
  t.same(bad, [])
  t.ok(whole > rounds / 20 && whole < rounds / 2, `${whole} of ${rounds} came out whole`)
})
