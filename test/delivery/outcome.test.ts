import t from 'tap'
import { statusOf } from '../../src/delivery/outcome.ts'

t.test('the status an attempt was answered with, if it was', (t) => {
  t.equal(statusOf({ kind: 'served', status: 206 }), 206)
  t.equal(statusOf({ kind: 'failed', code: 'http_response_status', status: 503, sent: true }), 503)
  t.equal(statusOf({ kind: 'failed', code: 'connection_refused', status: null, sent: false }), null)
  t.equal(statusOf({ kind: 'aborted' }), null)
  t.end()
})
