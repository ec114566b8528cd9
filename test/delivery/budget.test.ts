import t from 'tap'
import { Budget } from '../../src/delivery/budget.ts'

const SETTINGS = { percent: 20, perSecond: 10 }

function spend(budget: Budget, now: number, settings = SETTINGS): number {
  let spent = 0
  while (spent < 10_000 && budget.withdraw(now, settings)) spent++
  return spent
}

t.test('without requests there is what is given a second, and no more than a second of it', async (t) => {
  const budget = new Budget()
  t.equal(spend(budget, 5000), 10)
  t.equal(spend(budget, 5000), 0)
  t.equal(spend(budget, 5500), 5)
  t.equal(spend(budget, 60_000), 10)
})

t.test('requests of the last ten seconds add their share', async (t) => {
  const budget = new Budget()
  for (let second = 0; second < 10; second++) for (let i = 0; i < 100; i++) budget.deposit(second * 1000 + i)
  t.equal(spend(budget, 9999), 30, '20 % of 100 a second, and 10')
  t.equal(spend(budget, 10_099), 2, 'refilled by the rate, of which the oldest second is forgotten')
  t.equal(spend(budget, 40_000), 10, 'they are forgotten')
})

t.test('an outage of five seconds costs no more than the budget', async (t) => {
  const budget = new Budget()
  let requests = 0
  let extra = 0
  for (let now = 20_000; now < 25_000; now += 5) {
    requests++
    budget.deposit(now)
    for (let tries = 0; tries < 3; tries++) if (budget.withdraw(now, SETTINGS)) extra++
  }
  t.ok(extra <= requests * 0.2 + 5 * 10 + 10, `${extra} for ${requests}`)
  t.ok(extra >= 50)
})

t.test('a budget of nothing allows nothing, and a small share comes together', async (t) => {
  t.equal(spend(new Budget(), 1000, { percent: 0, perSecond: 0 }), 0)
  const hedges = new Budget()
  let granted = 0
  for (let now = 0; now < 60_000; now += 10) {
    hedges.deposit(now)
    if (hedges.withdraw(now, { percent: 1, perSecond: 0 })) granted++
  }
  t.ok(granted >= 50 && granted <= 62, `${granted} of 6000`)
})
