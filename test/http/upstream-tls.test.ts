import { once } from 'node:events'
import { createServer as createPlain } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import type { UpstreamTls } from '../../src/config/snapshot.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { CA, type CertificateName, certificate } from '../helpers/certificates.ts'
import { until } from '../helpers/wait.ts'
import { allWays } from './support/all-ways.ts'
import { upstreamTls } from './support/services.ts'

/** An https server for requests and upgrades; without a certificate one of plain HTTP. */
async function upstreamOf(t: Test, name: CertificateName | null, over: TlsOptions) {
  const seen = { names: [] as (string | false)[], requests: 0 }
  const server = name === null ? createPlain() : createServer({ ...certificate(name), ...over })
  server.on('request', (_request, response) => response.end('ok'))
  server.on('request', () => seen.requests++)
  server.on('upgrade', (_request, socket) => {
    seen.requests++
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n')
  })
  server.on('secureConnection', (socket: TLSSocket & { servername?: string | false }) =>
    seen.names.push(socket.servername ?? false),
  )
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

interface Row {
  readonly certificate?: CertificateName | null
  readonly server?: TlsOptions
  readonly tls?: Partial<UpstreamTls>
  /** What all ways come to; any: which one depends on who is first to notice. */
  readonly expected: 'ok' | ErrorCode | 'any refusal'
  /** The SNI of every connection; false: none. */
  readonly name?: string | false
}

const ASKS: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: CA }
/** What OpenSSL has to be told to speak it at all. */
const OLD: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
const BAD = 'tls_certificate_error'

const ROWS: Readonly<Record<string, Row>> = {
  'the configured name': { expected: 'ok', name: 'edge.test' },
  'a wildcard': { tls: { serverName: 'a.cdn.test' }, expected: 'ok', name: 'a.cdn.test' },
  'a wildcard is one label': { tls: { serverName: 'a.b.cdn.test' }, expected: BAD },
  'a name that is not in it': { tls: { serverName: 'elsewhere.test' }, expected: BAD },
  'the certificate of somebody else': { certificate: 'wrong-name', expected: BAD },
  'an authority that is not trusted': { certificate: 'untrusted', expected: BAD },
  'the authority of ca_file only': { tls: { ca: null }, expected: BAD },
  'an end in 2001': { certificate: 'expired', expected: BAD },
  'no authority at all': { certificate: 'self-signed', expected: BAD },
  'a self-signed one that ca_file names': {
    certificate: 'self-signed',
    tls: { ca: certificate('self-signed').cert },
    expected: 'ok',
  },
  'one for clients only': { certificate: 'client', tls: { serverName: 'gateway.test' }, expected: BAD },
  'an address that is in it': { tls: { serverName: '127.0.0.1' }, expected: 'ok', name: false },
  'an address of IPv6 that is in it': { tls: { serverName: '::1' }, expected: 'ok', name: false },
  'an address that is not': { tls: { serverName: '127.0.0.9' }, expected: BAD },
  'an address, and names only': { certificate: 'wrong-name', tls: { serverName: '127.0.0.1' }, expected: BAD },
  'TLS 1.2 alone': { server: { maxVersion: 'TLSv1.2' }, expected: 'ok' },
  'TLS 1.1 alone': { server: OLD, expected: 'tls_protocol_error' },
  'TLS 1.1 alone, unverified': { server: OLD, tls: { verify: false }, expected: 'tls_protocol_error' },
  'no TLS behind https': { certificate: null, expected: 'tls_protocol_error' },
  'our certificate where it is asked for': {
    server: ASKS,
    tls: { clientCertificate: certificate('client') },
    expected: 'ok',
  },
  'none where it is asked for': { server: { ...ASKS, maxVersion: 'TLSv1.2' }, expected: 'tls_protocol_error' },
  'none where TLS 1.3 asks for it': { server: ASKS, expected: 'any refusal' },
  'verify: false takes anything': { certificate: 'expired', tls: { verify: false }, expected: 'ok' },
}

t.test('TLS towards upstreams, for GET, POST, upgrades and active checks alike', async (t) => {
  for (const [what, row] of Object.entries(ROWS)) {
    const { url, seen } = await upstreamOf(
      t,
      row.certificate === undefined ? 'localhost' : row.certificate,
      row.server ?? {},
    )
    const results = await allWays(t, url, { tls: upstreamTls({ serverName: 'edge.test', ca: CA, ...row.tls }) })
    if (row.expected === 'any refusal')
      t.ok(
        results.every((result) => result !== 'ok'),
        `${what}: ${results}`,
      )
    else t.strictSame(results, refusedAs(row.expected), what)
    t.equal(seen.requests, row.expected === 'ok' ? 4 : 0, `${what}: what got through`)
    if (row.name === undefined) continue
    await until(() => seen.names.length > 0)
    t.ok(
      seen.names.every((name) => name === row.name),
      `${what}: ${seen.names}`,
    )
  }
})

function refusedAs(code: string): string[] {
  return [code, code, code, code === 'ok' ? 'ok' : 'failed']
}
