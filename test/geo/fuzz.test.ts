import t from 'tap'
import { fuzzMmdb } from './fuzz-mmdb.ts'

const SEED = 20_261_126

t.test('damaged databases are refused or answer with places', async (t) => {
  const { count, opened, slowest, findings } = await fuzzMmdb(t, { seed: SEED, seconds: 60, count: 800 })
  t.same(findings, [])
  t.ok(opened > 0 && count === 800, `${opened} of ${count} opened, the slowest took ${slowest} ms`)
})
