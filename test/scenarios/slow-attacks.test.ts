import t from 'tap'
import { slowAttack } from './slow-attacks.ts'

t.test('slow clients of every kind are cut in time, and nobody else notices', async (t) => {
  const attack = { connections: 400, workers: 1, patience: 1_000, patient: false }
  const { findings, normal, exitCode, stderr, ...rest } = await slowAttack(t, attack)
  t.comment(JSON.stringify(rest))
  t.same(findings, [])
  t.same(normal.failures, [])
  t.ok(normal.requests > 100, `${normal.requests} normal requests, the slowest took ${normal.slowest} ms`)
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})
