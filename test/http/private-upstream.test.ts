import t from 'tap'
import { lookAtTls } from '../../src/commands/check/tls.ts'
import { makeTimers } from '../delivery/support/parts.ts'
import { tlsUpstream } from '../delivery/support/tls.ts'
import { CA } from '../helpers/certificates.ts'
import { allWays } from './support/all-ways.ts'
import { endpoint, upstreamTls } from './support/services.ts'

t.test('no way leads inside: GET, POST, upgrades, active checks and polycdn check', async (t) => {
  const upstream = await tlsUpstream(t, 'localhost')
  const tls = upstreamTls({ ca: CA })
  const timers = makeTimers(t)
  const code = 'destination_ip_prohibited'
  for (const host of ['localhost', '127.0.0.1', '0x7f.1']) {
    const url = upstream.url.replace('127.0.0.1', host)
    t.strictSame(await allWays(t, url, { tls, allowPrivate: false }), [code, code, code, 'failed'], host)
    const question = { endpoint: endpoint(url, { tls, allowPrivate: false }), host, timeout: 5000 }
    t.match(await lookAtTls(question, timers), { protocol: null, error: code })
  }
  t.equal(upstream.open + upstream.requests.length + upstream.names.length, 0)
  t.match(await allWays(t, upstream.url, { tls, allowPrivate: true }), ['ok', 'ok'])
})
