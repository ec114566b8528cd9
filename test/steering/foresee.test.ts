import t from 'tap'
import { drawnAmong, foresee, possibleFirsts } from '../../src/steering/foresee.ts'
import { makeRoute, makeWorld, placeAt, requestAt, standing } from './support/build.ts'

const REQUEST = requestAt(placeAt(0))

t.test('without a draw there is one Decision', (t) => {
  const route = makeRoute([standing('a', 10), standing('b', 30)])
  const decisions = foresee(route, REQUEST, makeWorld())
  t.equal(decisions.length, 1)
  t.strictSame(possibleFirsts(decisions), ['a'])
  t.end()
})

t.test('all whom chance may choose, the drawn one first', (t) => {
  const tied = [standing('a', 1), standing('b', 2, { weight: 2 }), standing('c', 3), standing('d', 4, { weight: 0 })]
  const route = makeRoute([...tied, standing('far', 60)])
  const decisions = foresee(route, REQUEST, makeWorld({}, { draw: () => 0.99 }))
  t.strictSame(possibleFirsts(decisions), ['c', 'a', 'b'])
  t.equal(decisions[0]!.candidates[0]!.endpoint.cdnName, 'c')
  // Three that are drawn, in any order, before the two that are not.
  t.equal(decisions.length, 6)
  t.end()
})

t.test('endpoints of one CDN are told apart by their URLs', (t) => {
  const twins = ['x', 'y'].map((name) => ({ ...standing(name, 1), cdnName: 'one' }))
  const decisions = foresee(makeRoute(twins), REQUEST, makeWorld({}, { draw: () => 0 }))
  t.strictSame(possibleFirsts(decisions), ['one'])
  t.strictSame(drawnAmong(decisions), ['http://x.test', 'http://y.test'])
  t.end()
})

t.test('slow starts are draws of their own', (t) => {
  const route = makeRoute([standing('a', 10), standing('b', 30), standing('c', 60)])
  const world = makeWorld({}, { ramp: { a: 0.5, b: 0.5 }, random: () => 0 })
  t.strictSame([...possibleFirsts(foresee(route, REQUEST, world))].sort(), ['a', 'b', 'c'])
  t.end()
})

t.test('no candidates, no first', (t) => {
  t.strictSame(possibleFirsts(foresee(makeRoute([]), REQUEST, makeWorld())), [])
  t.end()
})
