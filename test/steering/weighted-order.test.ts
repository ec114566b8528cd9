import t from 'tap'
import { weightedOrder } from '../../src/steering/weighted-order.ts'

type Item = readonly [name: string, weight: number]

function order(items: readonly Item[], draw: number): string {
  return weightedOrder(items, ([, weight]) => weight, draw)
    .map(([name]) => name)
    .join('')
}

t.test('none and one are copied', (t) => {
  const one: Item[] = [['a', 0]]
  t.equal(order([], 0), '')
  t.equal(order(one, 0.5), 'a')
  t.not(
    weightedOrder(one, () => 1, 0),
    one,
  )
  t.end()
})

t.test('the number falls into the interval of an item, and where in it decides about the rest', (t) => {
  const items: Item[] = [
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ]
  // a: 0 to 1/2, of which b has the first half; b: to 3/4, of which a has two thirds; c: the rest.
  t.equal(order(items, 0), 'abc')
  t.equal(order(items, 0.249), 'abc')
  t.equal(order(items, 0.251), 'acb')
  t.equal(order(items, 0.499), 'acb')
  t.equal(order(items, 0.5), 'bac')
  t.equal(order(items, 0.666), 'bac')
  t.equal(order(items, 0.667), 'bca')
  t.equal(order(items, 0.75), 'cab')
  t.equal(order(items, 0.999), 'cba')
  t.end()
})

t.test('weight 0 comes last, in the order given, and is never drawn', (t) => {
  const items: Item[] = [
    ['x', 0],
    ['a', 1],
    ['y', 0],
    ['b', 1],
    ['z', 0],
  ]
  for (const draw of [0, 0.25, 0.5, 0.75, 1 - 2 ** -53]) t.match(order(items, draw), /^(ab|ba)xyz$/)
  const none: Item[] = [
    ['x', 0],
    ['y', 0],
  ]
  t.equal(order(none, 0.9), 'xy')
  t.end()
})

t.test('rounding never draws an item of weight 0, nor leads out of the intervals', (t) => {
  const items: Item[] = [
    ['a', 0.1],
    ['b', 0.1],
    ['c', 0.4],
    ['x', 0],
  ]
  // In floating point the largest number, less 0.1 and 0.1, is not below 0.4: it falls behind the last weight.
  t.match(order(items, 1 - 2 ** -53), /^c[ab]{2}x$/)
  t.end()
})

t.test('each is first, and second, as often as its weight says', (t) => {
  const items: Item[] = [
    ['a', 5],
    ['b', 3],
    ['c', 2],
  ]
  const expected = {
    abc: 0.5 * 0.6,
    acb: 0.5 * 0.4,
    bac: 0.3 * (5 / 7),
    bca: 0.3 * (2 / 7),
    cab: 0.2 * 0.625,
    cba: 0.2 * 0.375,
  }
  const DRAWS = 20_000
  const seen: Record<string, number> = {}
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = order(items, draw / DRAWS)
    seen[drawn] = (seen[drawn] ?? 0) + 1
  }
  for (const [drawn, share] of Object.entries(expected)) {
    t.ok(Math.abs((seen[drawn] ?? 0) / DRAWS - share) < 0.001, `${drawn}: ${seen[drawn]}`)
  }
  t.end()
})
