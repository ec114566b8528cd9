import t from 'tap'
import { weightedOrder } from '../../src/steering/weighted-order.ts'
import { seededRandom } from '../helpers/random.ts'
import { scripted } from './support/build.ts'

type Item = readonly [name: string, weight: number]

function order(items: readonly Item[], random: () => number): string {
  return weightedOrder(items, ([, weight]) => weight, random)
    .map(([name]) => name)
    .join('')
}

t.test('none and one need no chance and are copied', (t) => {
  const one: Item[] = [['a', 0]]
  t.equal(order([], scripted()), '')
  t.equal(order(one, scripted()), 'a')
  t.not(
    weightedOrder(one, () => 1, scripted()),
    one,
  )
  t.end()
})

t.test('a number falls into the interval of its item; the next draw is among the rest', (t) => {
  const items: Item[] = [
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ]
  t.equal(order(items, scripted(0, 0, 0)), 'abc')
  t.equal(order(items, scripted(0.499, 0.5, 0)), 'acb')
  t.equal(order(items, scripted(0.5, 0, 0)), 'bac')
  t.equal(order(items, scripted(0.75, 2 / 3, 0)), 'cba')
  t.equal(order(items, scripted(0.999, 0.999, 0.999)), 'cba')
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
  for (const number of [0, 0.25, 0.5, 0.75, 1 - 2 ** -53])
    t.match(
      order(items, () => number),
      /^(ab|ba)xyz$/,
    )
  t.equal(
    order(
      [
        ['x', 0],
        ['y', 0],
      ],
      scripted(),
    ),
    'xy',
  )
  t.end()
})

t.test('rounding never draws an item of weight 0', (t) => {
  const items: Item[] = [
    ['a', 0.1],
    ['b', 0.1],
    ['c', 0.4],
    ['x', 0],
  ]
  // In floating point the largest number, less 0.1 and 0.1, is not below 0.4: it falls behind the last weight.
  t.match(
    order(items, () => 1 - 2 ** -53),
    /^[abc]{3}x$/,
  )
  t.end()
})

t.test('each is first, and second, as often as its weight says', (t) => {
  const items: Item[] = [
    ['a', 5],
    ['b', 3],
    ['c', 2],
  ]
  const random = seededRandom(11)
  const DRAWS = 20_000
  const seen: Record<string, number> = {}
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = order(items, random)
    seen[drawn] = (seen[drawn] ?? 0) + 1
  }
  const expected = {
    abc: 0.5 * 0.6,
    acb: 0.5 * 0.4,
    bac: 0.3 * (5 / 7),
    bca: 0.3 * (2 / 7),
    cab: 0.2 * 0.625,
    cba: 0.2 * 0.375,
  }
  for (const [drawn, share] of Object.entries(expected)) {
    t.ok(Math.abs((seen[drawn] ?? 0) / DRAWS - share) < 0.015, `${drawn}: ${seen[drawn]}`)
  }
  t.end()
})
