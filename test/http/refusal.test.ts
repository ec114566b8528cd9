import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { AttemptRecord, Outcome } from '../../src/delivery/outcome.ts'
import { ResponseWriter } from '../../src/delivery/writer.ts'
import { ERRORS, type ErrorCode } from '../../src/errors.ts'
import { proxyStatus, refuse } from '../../src/http/refusal.ts'
import { get } from '../helpers/http.ts'
import { cdn, endpoint } from './support/services.ts'

function tried(name: string, outcome: Outcome): AttemptRecord {
  return { endpoint: endpoint('http://edge.test', { cdn: cdn(name) }), outcome, ms: 1 }
}

const failed = (code: ErrorCode, status: number | null = null): Outcome => ({
  kind: 'failed',
  code,
  status,
  sent: true,
})

/** RFC 9209 and RFC 9651: a token, then parameters whose values are tokens, strings or integers. */
const TOKEN = "[A-Za-z*][\\w!#$%&'*+.^`|~:/-]*"
const ITEM = `(?:${TOKEN}|"[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]*"|\\d{1,15})`
const FIELD = new RegExp(`^${TOKEN}(?:; *[a-z*][a-z0-9_.*-]*=${ITEM})*$`)

/** RFC 9209 section 2.3. */
const TYPES = [
  'dns_timeout dns_error destination_not_found destination_unavailable destination_ip_prohibited',
  'destination_ip_unroutable connection_refused connection_terminated connection_timeout connection_read_timeout',
  'connection_write_timeout connection_limit_reached tls_protocol_error tls_certificate_error tls_alert_received',
  'http_request_error http_request_denied http_response_incomplete http_response_header_section_size',
  'http_response_header_size http_response_body_size http_response_trailer_section_size',
  'http_response_trailer_size http_response_transfer_coding http_response_content_coding http_response_timeout',
  'http_upgrade_failed http_protocol_error proxy_internal_response proxy_internal_error proxy_configuration_error',
  'proxy_loop_detected',
].join(' ')

t.test('Proxy-Status names what failed last', async (t) => {
  t.equal(proxyStatus('destination_unavailable', []), 'polycdn; error=destination_unavailable')
  const two = [tried('a', failed('connection_refused')), tried('b', failed('http_response_timeout'))]
  t.equal(proxyStatus('http_response_timeout', two), 'polycdn; error=http_response_timeout; next-hop=b')
  const answered = [tried('a', failed('http_response_status', 503))]
  t.equal(proxyStatus('http_response_status', answered), 'polycdn; received-status=503; next-hop=a')
})

/** What an endpoint answered is told by its status. */
const ANSWERED: ReadonlySet<ErrorCode> = new Set(['http_response_status', 'challenged', 'resume_mismatch'])

t.test('Proxy-Status is a structured field, whatever the CDN is called', async (t) => {
  for (const name of ['edge', 'Edge_1', 'a.b-c', '1st', '0', '9.a']) {
    t.match(proxyStatus('dns_error', [tried(name, failed('dns_error'))]), FIELD, name)
  }
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    if (ERRORS[code].fault !== 'upstream' || ANSWERED.has(code)) continue
    const [, type] = / error=(\w+)/.exec(proxyStatus(code, []))!
    t.ok(` ${TYPES} `.includes(` ${type} `), `${code} is told by a type of RFC 9209`)
  }
})

async function refused(t: Test, code: ErrorCode, method = 'GET', close = false) {
  const server = createServer((_request, response) => {
    refuse(new ResponseWriter(response), { code, message: 'because', method, records: [], close })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { method })
}

t.test('every refusal says its status, its code and a sentence, and nothing keeps it', async (t) => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    if (code === 'client_gone') continue
    const got = await refused(t, code)
    t.equal(got.status, ERRORS[code].status, code)
    t.match(got.body, `: because (${code})\n`)
    t.match(got.headers, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    t.equal(got.headers['proxy-status'] !== undefined, ERRORS[code].fault === 'upstream', 'Proxy-Status')
    t.equal(got.headers['retry-after'] !== undefined, got.status === 503, 'Retry-After')
    t.equal(got.headers.allow !== undefined, got.status === 405, 'Allow')
    t.notMatch(got.body, /undefined|\bat\b.*:\d+/)
  }
})

t.test('HEAD gets the length and no body; unread content ends the connection', async (t) => {
  const got = await refused(t, 'unknown_host', 'HEAD', true)
  t.equal(got.body, '')
  t.ok(Number(got.headers['content-length']) > 0)
  t.equal(got.headers.connection, 'close')
})
