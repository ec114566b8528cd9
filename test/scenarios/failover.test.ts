import t from 'tap'
import { skipUnless } from '../helpers/programs.ts'
import { failoverUnderLoad } from './failover-under-load.ts'

t.test('under load the nearest edge is killed and comes back: not one request fails', async (t) => {
  if (!skipUnless(t, 'nginx', 'wrk')) return
  const report = await failoverUnderLoad(t, { duration: 3, seed: 3, pause: 50 })
  t.comment(report.load.output)
  t.equal(report.load.failed, 0, 'answers that are not 2xx')
  t.equal(report.load.socketErrors, 0, 'failures of sockets')
  t.ok(report.load.requests > 1000)
  t.ok(report.cycles >= 1)
  t.ok(report.failovers > 0, 'the metrics show the failovers')
  t.equal(report.stderr, '')
  t.equal(report.exitCode, 0)
})
