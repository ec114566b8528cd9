import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import type { Endpoint, UpstreamTls } from '../../src/config/snapshot.ts'
import { upstreamErrorCode } from '../../src/delivery/upstream-error.ts'
import { PolycdnError } from '../../src/errors.ts'
import { CA, type CertificateName } from '../helpers/certificates.ts'
import { answer } from '../helpers/misbehaviour.ts'
import type { Scope } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { Bench, dialling } from './support/parts.ts'
import { tlsUpstream } from './support/tls.ts'

const TLS: UpstreamTls = { serverName: 'edge.test', verify: true, ca: CA, clientCertificate: null }

async function outcome(scope: Scope, endpoint: Endpoint): Promise<string> {
  return new Bench(scope).try(endpoint).recorder.finished()
}

t.test('a name that does not resolve', async (t) => {
  // Longer than a label may be: no resolver has to be asked.
  t.equal(await outcome(t, dialling('a', `http://${'x'.repeat(64)}.invalid`)), 'dns_error')
})

t.test('a port where nobody listens', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  await upstream.refuse()
  t.equal(await outcome(t, dialling('a', upstream.url)), 'connection_refused')
  t.equal(await outcome(t, dialling('a', `http://localhost:${upstream.port}`)), 'connection_refused', 'one of several')
})

t.test('certificates that do not hold', async (t) => {
  const bad: readonly (readonly [CertificateName, Partial<UpstreamTls>])[] = [
    ['localhost', { ca: null }],
    ['untrusted', {}],
    ['expired', {}],
    ['wrong-name', {}],
    ['localhost', { serverName: 'other.test' }],
    ['client', { serverName: 'gateway.test' }],
  ]
  for (const [name, over] of bad) {
    const upstream = await tlsUpstream(t, name)
    t.equal(await outcome(t, dialling('a', upstream.url, { tls: { ...TLS, ...over } })), 'tls_certificate_error', name)
    t.equal(upstream.requests.length, 0)
  }
})

t.test('an upstream that speaks no TLS, or an old one', async (t) => {
  const plain = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  t.teardown(() => plain.close())
  const { port } = plain.address() as AddressInfo
  t.equal(await outcome(t, dialling('a', `https://127.0.0.1:${port}`, { tls: TLS })), 'tls_protocol_error')
  const old = await tlsUpstream(t, 'localhost', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })
  t.equal(await outcome(t, dialling('a', old.url, { tls: TLS })), 'tls_protocol_error')
})

t.test('what has no code of its own', (t) => {
  const error = (code: string) => Object.assign(new Error('x'), { code })
  t.equal(upstreamErrorCode(new PolycdnError('dns_error', 'x')), 'dns_error')
  t.equal(upstreamErrorCode(new Error('x')), 'destination_unavailable')
  t.equal(upstreamErrorCode('thrown text'), 'destination_unavailable')
  t.equal(upstreamErrorCode(null), 'destination_unavailable')
  t.equal(upstreamErrorCode(error('EHOSTUNREACH')), 'destination_unavailable')
  t.equal(upstreamErrorCode(error('HPE_INVALID_CONSTANT')), 'http_protocol_error')
  t.equal(upstreamErrorCode(error('HPE_INVALID_EOF_STATE')), 'http_response_incomplete')
  t.equal(upstreamErrorCode(error('CERT_HAS_EXPIRED')), 'tls_certificate_error')
  t.equal(upstreamErrorCode(error('ERR_TLS_CERT_ALTNAME_INVALID')), 'tls_certificate_error')
  t.equal(upstreamErrorCode(error('ERR_SSL_WRONG_VERSION_NUMBER')), 'tls_protocol_error')
  t.equal(upstreamErrorCode(new AggregateError([error('ECONNREFUSED'), error('ETIMEDOUT')])), 'connection_refused')
  t.equal(upstreamErrorCode(new AggregateError([])), 'destination_unavailable')
  t.end()
})
