import t from 'tap'
import { skipUnless } from '../helpers/programs.ts'
import { chaos } from './failover-chaos.ts'

t.test('edges are killed, stopped and restarted: not one wrong answer', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const { bad, stderr, exitCode, ...rest } = await chaos(t, { duration: 4, least: 30, seed: 7, workers: 2 })
  t.comment(JSON.stringify(rest))
  t.same(bad, [], 'downloads that failed or were wrong')
  t.ok(rest.downloads >= 30)
  t.ok(rest.resumes > 0, 'some switched in mid-body')
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})
