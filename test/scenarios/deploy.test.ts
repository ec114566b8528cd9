import t from 'tap'
import { deploy } from './deploy.ts'

t.test('a deploy under load: wholly old or wholly new, nobody ejected but who lies', async (t) => {
  const { findings, exitCode, stderr, ...rest } = await deploy(t, { deploys: 1, pause: 60, workers: 1, seed: 6 })
  t.comment(JSON.stringify(rest))
  t.same(findings, [])
  t.ok(rest.requests > 20 && rest.liar.before > 0)
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})
