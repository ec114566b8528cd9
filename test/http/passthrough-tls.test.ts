import t, { type Test } from 'tap'
import type { UpstreamTls } from '../../src/config/snapshot.ts'
import { tlsUpstream } from '../delivery/support/tls.ts'
import { CA, type CertificateName, certificate } from '../helpers/certificates.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { upgradeServer } from './support/echo-server.ts'
import { front } from './support/front.ts'
import { endpoint, site, testServices, upstreamTls } from './support/services.ts'
import { post } from './support/through.ts'
import { upgrade } from './support/upgrades.ts'

async function gatewayTo(t: Test, url: string, tls: Partial<UpstreamTls>) {
  const origin = [endpoint(url, { tls: upstreamTls({ ca: CA, ...tls }) })]
  return front(t, testServices(t, { sites: [site({ origin })] }))
}

/** The status of a POST and of an upgrade, and the codes of refusals. */
async function both(t: Test, name: CertificateName, tls: Partial<UpstreamTls>, host = 'www.example.com') {
  const plain = await tlsUpstream(t, name)
  const client = await rawClient(t, await gatewayTo(t, plain.url, tls))
  client.send(post('x').replace('www.example.com', host))
  const [posted] = await client.responses(1)

  const server = await upgradeServer(t, undefined, certificate(name))
  const other = await rawClient(t, await gatewayTo(t, server.url, tls))
  other.send(upgrade({ Host: host }))
  const [upgraded] = await other.responses(1)
  const codes = [posted!, upgraded!].map(({ body }) => /\((\w+)\)/.exec(body.toString())?.[1])
  return { statuses: [posted!.status, upgraded!.status], codes, names: plain.names, reached: plain.requests.length }
}

t.test('a certificate that does not prove the name is a 502, and nothing is sent', async (t) => {
  const cases: [CertificateName, Partial<UpstreamTls>][] = [
    ['wrong-name', {}],
    ['expired', {}],
    ['untrusted', {}],
    ['localhost', { ca: null }],
    ['localhost', { serverName: 'elsewhere.test' }],
    ['wrong-name', { serverName: '127.0.0.1' }],
  ]
  for (const [name, tls] of cases) {
    const { statuses, codes, reached } = await both(t, name, tls)
    t.same(statuses, [502, 502], name)
    t.same(codes, ['tls_certificate_error', 'tls_certificate_error'])
    t.equal(reached, 0)
  }
})

t.test('the name that was configured is asked for and verified', async (t) => {
  const good = await both(t, 'localhost', { serverName: 'origin.test' })
  t.same(good.statuses, [200, 101])
  t.same(good.names, ['origin.test'])
  const unverified = await both(t, 'wrong-name', { verify: false })
  t.same(unverified.statuses, [200, 101], 'verify: false')
})

t.test('a preserved host is the name, per request', async (t) => {
  const good = await both(t, 'localhost', { serverName: null }, 'edge.test')
  t.same(good.statuses, [200, 101])
  t.same(good.names, ['edge.test'])
  const bad = await both(t, 'localhost', { serverName: null }, 'www.example.com')
  t.same(bad.statuses, [502, 502])

  const upstream = await tlsUpstream(t, 'localhost')
  const client = await rawClient(t, await gatewayTo(t, upstream.url, { serverName: null }))
  client
    .send(post('x').replace('www.example.com', 'edge.test'))
    .send(post('x').replace('www.example.com', 'a.cdn.test'))
  await client.responses(2)
  t.same(upstream.names, ['edge.test', 'a.cdn.test'], 'a connection each')
})

t.test('an address is no SNI, but the certificate has to carry it', async (t) => {
  const good = await both(t, 'localhost', { serverName: '127.0.0.1' })
  t.same(good.statuses, [200, 101])
  const preserved = await both(t, 'localhost', { serverName: null }, '127.0.0.1:8080')
  t.same(preserved.statuses, [200, 101])
  const v6 = await both(t, 'localhost', { serverName: null }, '[::1]')
  t.same(v6.statuses, [200, 101])
  const other = await both(t, 'localhost', { serverName: null }, '192.0.2.1')
  t.same(other.statuses, [502, 502])
})

t.test('a client certificate is shown', async (t) => {
  const { cert, key } = certificate('client')
  const asks = { requestCert: true, rejectUnauthorized: true, ca: CA }
  const plain = await tlsUpstream(t, 'localhost', asks)
  const server = await upgradeServer(t, undefined, { ...certificate('localhost'), ...asks })
  for (const clientCertificate of [{ cert, key }, null]) {
    const client = await rawClient(t, await gatewayTo(t, plain.url, { clientCertificate }))
    client.send(post('x'))
    t.equal((await client.responses(1))[0]!.status, clientCertificate === null ? 502 : 200)
    const other = await rawClient(t, await gatewayTo(t, server.url, { clientCertificate }))
    other.send(upgrade())
    t.equal((await other.responses(1))[0]!.status, clientCertificate === null ? 502 : 101)
  }
})
