import t from 'tap'
import { skipUnless } from '../helpers/programs.ts'
import { steady } from './steady.ts'

t.test('half of saturation with churn, reloads and a flapping edge: not one failed request', async (t) => {
  if (!skipUnless(t, 'nginx', 'wrk')) return
  const { failures, exitCode, stderr, ...rest } = await steady(t, { duration: 4, every: 1, workers: 1 })
  t.comment(JSON.stringify(rest))
  t.same(failures, [])
  t.ok(rest.requests > 100 && rest.reloads > 1 && rest.flaps > 0)
  t.ok(rest.late.handles < rest.early.handles + 64, 'no handle stays')
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})
