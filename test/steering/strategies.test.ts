import t from 'tap'
import { STRATEGIES } from '../../src/steering/strategies/index.ts'
import { contract } from './support/contract.ts'

for (const [name, strategy] of Object.entries(STRATEGIES)) {
  t.test(name, (t) => {
    contract(t, strategy)
    t.end()
  })
}
