import t from 'tap'
import { fuzzProofs } from './fuzz-proofs.ts'

t.test('damage is refused, or changes nothing', async (t) => {
  const before = process.memoryUsage().heapUsed
  const { count, taken, findings } = await fuzzProofs({ seed: 20_261_127, seconds: 20, count: 1800 })
  t.same(findings, [])
  t.ok(taken > count / 30 && taken < count / 2, `${taken} of ${count} were taken`)
  t.ok(process.memoryUsage().heapUsed < before + 256 * 1024 * 1024)
})
