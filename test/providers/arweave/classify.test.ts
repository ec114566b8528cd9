import t from 'tap'
import { classify } from '../../../src/providers/arweave/classify.ts'
import { ProofError, UpstreamStatus } from '../../../src/providers/proof.ts'

const of = (status: number) => classify({ status, header: (name) => (name === 'retry-after' ? '7' : null) })

t.test('what a status says', async (t) => {
  t.equal(of(200), null)
  const faults = {
    202: 'not-found',
    404: 'not-found',
    410: 'blocked',
    451: 'blocked',
    204: 'unproved',
    302: 'unproved',
  }
  for (const [status, fault] of Object.entries(faults)) t.match(of(Number(status)), { fault }, status)
  t.ok(of(404) instanceof ProofError)
  for (const status of [400, 403, 429, 500, 503]) t.strictSame(of(status), new UpstreamStatus(status, '7'))
})
