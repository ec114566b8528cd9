import t from 'tap'
import { describeDecision } from '../../src/steering/decision.ts'
import { makeEndpoint, makePolicy, standing } from './support/build.ts'

t.test('a decision as plain JSON', (t) => {
  const described = describeDecision({
    policy: makePolicy({ name: 'static' }),
    measuredFrom: 'client',
    candidates: [
      { endpoint: standing('near', 1), reason: 'proximity', km: 111.195 },
      { endpoint: makeEndpoint('any'), reason: 'no-geo-default', km: null, ms: 30.4, ramp: 1 / 3 },
    ],
    rejected: [{ endpoint: standing('ill', 2), reason: 'ejected' }],
  })
  t.strictSame(JSON.parse(JSON.stringify(described)), {
    policy: 'static',
    mode: 'proxy',
    strategy: 'proximity',
    measured_from: 'client',
    candidates: [
      { cdn: 'near', url: 'http://near.test', reason: 'proximity', km: 111 },
      { cdn: 'any', url: 'http://any.test', reason: 'no-geo-default', km: null, ms: 30, ramp: 0.33 },
    ],
    rejected: [{ cdn: 'ill', url: 'http://ill.test', reason: 'ejected' }],
  })
  t.end()
})
