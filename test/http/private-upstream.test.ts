import t from 'tap'
import { lookAtTls } from '../../src/commands/check/tls.ts'
import { makeTimers } from '../delivery/support/parts.ts'
import { tlsUpstream } from '../delivery/support/tls.ts'
import { CA } from '../helpers/certificates.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { allWays } from './support/all-ways.ts'
import { front } from './support/front.ts'
import { cdn, endpoint, site, testServices, upstreamTls } from './support/services.ts'

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

t.test('a redirect that leads inside costs the attempt, and the log says how far it got', async (t) => {
  const secret = await scriptedUpstream(t, answer(200, 'secret'))
  const authority = `localhost:${secret.port}`
  const edge = await scriptedUpstream(t, answer(302, '', { location: `http://${authority}/latest/meta-data` }))
  const origin = await scriptedUpstream(t, answer(200, 'from the origin'))
  const a = endpoint(edge.url, { cdn: cdn('a', { redirectHosts: [authority] }) })
  const services = testServices(t, { sites: [site({ endpoints: [a], origin: [endpoint(origin.url)] })] })
  const { url } = await front(t, services)
  t.match(await get(`${url}/x`), { status: 200, body: 'from the origin' })
  const [line] = await services.ended(1)
  t.match(line!.attempts, [
    { cdn: 'a', code: 'destination_ip_prohibited', status: null, hops: 1 },
    { cdn: 'origin', outcome: 'served', hops: 0 },
  ])
  t.equal(secret.connections, 0)
})
