import t from 'tap'
import { Draws } from '../../src/steering/draws.ts'
import { makePolicy } from './support/build.ts'

t.test('the numbers of a policy begin anywhere and fill the interval evenly, also a hundred of them', (t) => {
  const policy = makePolicy()
  const draws = new Draws(() => 0.31)
  const numbers = Array.from({ length: 20_000 }, () => draws.next(policy))
  t.equal(numbers[0], 0.31)
  t.ok(numbers.every((number) => number >= 0 && number < 1))
  for (const [from, to] of [
    [0, 0.5],
    [0.31, 0.41],
    [0.9, 1],
  ] as const) {
    for (let first = 0; first + 100 <= numbers.length; first++) {
      const inside = numbers.slice(first, first + 100).filter((number) => number >= from && number < to).length
      if (Math.abs(inside - 100 * (to - from)) > 3) return t.fail(`${inside} of 100 from ${first} in ${from} to ${to}`)
    }
  }
  t.end()
})

t.test('each policy has a sequence of its own, and chance is asked once for each', (t) => {
  let asked = 0
  const draws = new Draws(() => (asked++ === 0 ? 0.1 : 0.7))
  const [a, b] = [makePolicy(), makePolicy()]
  t.strictSame([draws.next(a), draws.next(b)], [0.1, 0.7])
  const second = draws.next(a)
  t.ok(Math.abs(second - 0.718034) < 1e-6, `${second}`)
  draws.next(a)
  t.ok(Math.abs(draws.next(b) - 0.318034) < 1e-6)
  t.equal(asked, 2)
  t.end()
})
