import t from 'tap'
import { failover } from '../../../src/steering/strategies/failover.ts'
import { standing } from '../support/build.ts'
import { makeField } from '../support/field.ts'

const endpoints = [standing('far', 90), standing('near', 1), standing('middle', 30)]
const field = makeField(endpoints)

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
