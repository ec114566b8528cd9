import t from 'tap'
import { provedTrees } from './proved-trees.ts'

t.test('every path of real trees, over gateways of all kinds', async (t) => {
  const { wrong, ...rest } = await provedTrees(t, {
    seed: 6,
    largest: 1024 * 1024 + 7,
    names: 120,
    ranges: 2,
    every: 40,
    pairs: 4,
  })
  t.comment(JSON.stringify(rest))
  t.same(wrong, [])
  t.ok(rest.requests > 100)
})
