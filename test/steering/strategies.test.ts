import t from 'tap'
import { STRATEGIES, type StrategyName } from '../../src/steering/strategies/index.ts'
import { contract } from './support/contract.ts'

for (const name of Object.keys(STRATEGIES) as StrategyName[]) {
  t.test(name, (t) => {
    contract(t, name)
    t.end()
  })
}
