import t from 'tap'
import { decide } from '../../src/steering/decide.ts'
import { describeDecision } from '../../src/steering/decision.ts'
import { describeGiven, NOTHING_GIVEN, SUPPOSITIONS, suppose } from '../../src/steering/given.ts'
import { makeRoute, makeWorld, placeAt, requestAt, standing } from './support/build.ts'

const ROUTE = makeRoute([standing('a', 10), standing('b', 30), standing('c', 60)])
const REQUEST = requestAt(placeAt(0))

t.test('each state is the reason of the rejection', (t) => {
  for (const state of SUPPOSITIONS) {
    const { candidates, rejected } = decide(ROUTE, REQUEST, suppose(makeWorld(), new Map([['a', state]])))
    t.strictSame(
      rejected.map(({ endpoint, reason }) => [endpoint.cdnName, reason]),
      state === 'healthy' ? [] : [['a', state]],
    )
    t.equal(candidates[0]!.endpoint.cdnName, state === 'healthy' ? 'a' : 'b', state)
  }
  t.end()
})

t.test('a supposition counts before what is so, and an endpoint before its CDN', (t) => {
  const ill = makeWorld({ a: 'unhealthy', b: 'ejected' }, { ramp: { c: 0.5 } })
  const given = new Map([
    ['a', 'ejected'],
    ['http://a.test', 'healthy'],
    ['c', 'healthy'],
  ] as const)
  t.match(describeDecision(decide(ROUTE, REQUEST, suppose(ill, given))), {
    candidates: [{ cdn: 'a', reason: 'proximity' }, { cdn: 'c' }],
    rejected: [{ cdn: 'b', reason: 'ejected' }],
  })
  t.strictSame(describeGiven(given), { ejected: ['a'], healthy: ['http://a.test', 'c'] })
  t.equal(suppose(ill, NOTHING_GIVEN), ill)
  t.end()
})
