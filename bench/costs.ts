import { parseArgs } from 'node:util'
import { playSeed, type SeedResult } from './costs/play-seed.ts'

/**
 * `node bench/costs.ts [--seed N] [--seeds 20] [--slices 120]`: two simulated months for each seed, one line each: the
 * bill under `strategy: cost`, the bound that no bill is below, and the bill by proximity alone. Exit code 1 where the
 * median of a month is more than 3 % above the bound, or the worst more than 8 %.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '20' },
    slices: { type: 'string', default: '120' },
  },
})

const results: SeedResult[] = []
const percent = (above: number) => `${(100 * above).toFixed(1)} %`
console.log('| seed | month | bound | cost | above | proximity | above |')
console.log('|---|---|---|---|---|---|---|')
for (let at = 0; at < Number(values.seeds); at++) {
  for (const result of playSeed(Number(values.seed) + at, Number(values.slices))) {
    results.push(result)
    const { seed, month, bound, cost, proximity } = result
    const cells = [seed, month, bound.toFixed(0), cost.toFixed(0), percent(cost / bound - 1)]
    console.log(`| ${[...cells, proximity.toFixed(0), percent(proximity / bound - 1)].join(' | ')} |`)
  }
}
for (const month of [1, 2]) {
  const above = results.filter((result) => result.month === month).map(({ cost, bound }) => cost / bound - 1)
  above.sort((a, b) => a - b)
  const middle = above.length >> 1
  const median = above.length % 2 === 1 ? above[middle]! : (above[middle - 1]! + above[middle]!) / 2
  const worst = above.at(-1)!
  console.log(`month ${month}: median ${percent(median)}, worst ${percent(worst)} above the bound`)
  if (median > 0.03 || worst > 0.08) process.exitCode = 1
}
