import t from 'tap'
import { failover } from '../../../src/steering/strategies/failover.ts'
import { makePolicy, makeWorld, placeAt, requestAt, standing } from '../support/build.ts'

const endpoints = [standing('far', 90), standing('near', 1), standing('middle', 30)]
const request = requestAt(placeAt(0))
const field = { policy: makePolicy(), endpoints, eligible: [0, 1, 2], request, world: makeWorld() }

t.test('the order of the policy, however far', (t) => {
  const order = [
    { index: 1, km: 111 },
    { index: 2, km: 3336 },
    { index: 0, km: 10_008 },
  ]
  t.strictSame(
    failover({ ...field, order }).map(({ endpoint, reason, km }) => [endpoint.cdnName, reason, km]),
    [
      ['far', 'failover', 10_008],
      ['near', 'failover', 111],
      ['middle', 'failover', 3336],
    ],
  )
  t.end()
})

t.test('needs no place and leaves out what is not eligible', (t) => {
  t.strictSame(
    failover({ ...field, order: null, eligible: [0, 2] }).map(({ endpoint, km }) => [endpoint.cdnName, km]),
    [
      ['far', null],
      ['middle', null],
    ],
  )
  t.end()
})
