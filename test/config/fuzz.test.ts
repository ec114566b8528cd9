import t from 'tap'
import { fuzzConfig } from './fuzz-config.ts'

const SEED = 20_261_126

t.test('damaged configurations: located problems, no throw, no hang, no secret', async (t) => {
  const { count, good, slowest, findings } = fuzzConfig({ seed: SEED, seconds: 60, count: 1_500 })
  t.same(findings, [])
  t.ok(good > 0 && count === 1_500, `${good} of ${count} were right, the slowest took ${slowest} ms`)
})
