import t from 'tap'
import { fuzzLane, lanePolicies } from './support/fuzz-lane.ts'

const SEED = 20_261_128
const CONNECTIONS = 150

for (const [name, policy] of Object.entries(lanePolicies())) {
  t.test(`nobody can tell whether the lane has answered: ${name}`, async (t) => {
    const { short, findings } = await fuzzLane(t, policy, { seed: SEED, connections: CONNECTIONS })
    t.same(findings, [])
    t.ok(short > CONNECTIONS / 3, `the lane has answered ${short}`)
  })
}
