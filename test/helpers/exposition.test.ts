import t from 'tap'
import { Exposition } from './exposition.ts'

const TEXT = `# HELP a_total Things.
# TYPE a_total counter
a_total{site="www",cdn="x"} 2
a_total{site="www",cdn="y \\"q\\""} 3
up 1
b{le="+Inf"} +Inf
`

t.test('sums by name and labels', async (t) => {
  const scrape = new Exposition(TEXT)
  t.equal(scrape.sum('a_total'), 5)
  t.equal(scrape.sum('a_total', { cdn: 'y "q"' }), 3)
  t.equal(scrape.sum('a_total', { cdn: /^x/ }), 2)
  t.equal(scrape.sum('none'), 0)
  t.equal(scrape.value('up'), 1)
  t.equal(scrape.value('b'), Number.POSITIVE_INFINITY)
  t.throws(() => scrape.value('a_total'))
})
