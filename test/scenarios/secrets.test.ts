import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { validateFile } from '../../src/commands/validate.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { CA_FILE, certificate } from '../helpers/certificates.ts'
import { configText, type Gateway, runCommand, startGateway } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { topology } from './topology.ts'

/** One canary for each place where a secret may stand: its name tells which one got out. */
const CANARY = /canary-[a-z-]+/g
const ENV = {
  T_ADMIN: 'canary-admin-token',
  T_DEBUG: 'canary-debug-token',
  T_HEADER: 'Bearer canary-header-value',
  T_BAD: 'canary short\u0007',
  T_URL: 'https://user:canary-url-password@cdn.example',
}
const SENT = {
  host: 'a',
  authorization: 'Bearer canary-client-authorization',
  cookie: 'session=canary-client-cookie',
  'proxy-authorization': 'Basic canary-proxy-authorization',
  'x-api-key': 'canary-client-key',
  referer: 'http://a/canary-referer',
}

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: canary-protocol\r\n'
const [SERVER, CLIENT] = [certificate('localhost'), certificate('client')]
/** Every line of a key is as good as a canary. */
const KEY_LINES = [SERVER, CLIENT].flatMap(({ key }) => key.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line)))

function noCanary(t: Test, where: string, text: string): void {
  const keys = KEY_LINES.filter((line) => text.includes(line))
  t.same([...(text.match(CANARY) ?? []), ...keys], [], where)
}

const pair = ({ certFile, keyFile }: typeof SERVER) => ({ cert_file: certFile, key_file: keyFile })

function configOf(url: string, workers: number) {
  const headers = { request: { set: { authorization: '$' + '{T_HEADER}' } } }
  const base = topology({ edges: [{ name: 'fra', url }], origin: url, cdn: { headers } })
  const tls = { ca_file: CA_FILE, client_certificate: pair(CLIENT) }
  return {
    ...base,
    cdns: [...(base.cdns as object[]), { name: 'iad', provider: 'http', url: 'https://127.0.0.1:1', tls }],
    listen: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls: { certificates: [pair(SERVER)] } }],
    workers,
    admin: { address: '127.0.0.1:0', token: '$' + '{T_ADMIN}' },
    debug: { clients: ['192.0.2.0/24'], token: '$' + '{T_DEBUG}' },
    log: { access: true, level: 'debug' },
  }
}

async function clientSide(t: Test, gateway: Gateway): Promise<void> {
  const fields = Object.entries(SENT).map(([name, value]) => `${name}: ${value}\r\n`)
  const requests = [
    `GET /a?token=canary-query HTTP/1.1\r\n${fields.join('')}\r\n`,
    `GET /a?token=canary-query HTTP/1.1\r\n${fields.join('')}Polycdn-Debug: 1\r\nPolycdn-Token: ${ENV.T_DEBUG}\r\n\r\n`,
    `GET /a?token=canary-query HTTP/1.1\r\n${fields.join('')}Polycdn-Token: canary-wrong-token\r\nPolycdn-Debug: 1\r\n\r\n`,
    `GET /cut?token=canary-query HTTP/1.1\r\n${fields.join('')}\r\n`,
    `GET /a?token=canary-query HTTP/1.1\r\n${fields.join('')}${UPGRADE}\r\n`,
    `GET /cut?token=canary-query HTTP/1.1\r\n${fields.join('')}${UPGRADE}\r\n`,
    `POST /post?token=canary-query HTTP/1.1\r\n${fields.join('')}content-length: 0\r\n\r\n`,
    `TRACE /?canary-query HTTP/1.1\r\n${fields.join('')}\r\n`,
    `GET http://u:canary-userinfo@a/ HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /?canary-query HTTP/1.1\r\nHost: canary-host-u:canary-host-p@a\r\n\r\n`,
    `GET /?canary-query HTTP/1.1\r\nHost: a\r\nAuthorization : canary-malformed\r\n\r\n`,
  ]
  for (const request of requests) {
    const client = await rawClient(t, gateway)
    client.send(request)
    await client.responses(1).catch(() => {})
    noCanary(t, request.slice(0, 40), client.text)
    client.close()
  }
}

async function operatorSide(t: Test, gateway: Gateway): Promise<void> {
  const paths = ['/metrics', '/status', '/explain?ip=192.0.2.1&host=a&path=/', '/nothing']
  const tokens = [`Bearer ${ENV.T_ADMIN}`, 'Bearer canary-wrong-admin-token']
  for (const authorization of tokens) {
    for (const path of paths) {
      const got = await get(`${gateway.adminUrl}${path}`, { headers: { authorization } })
      noCanary(t, path, JSON.stringify(got))
    }
  }
}

async function rejectedReload(t: Test, gateway: Gateway, config: object): Promise<void> {
  gateway.write(config as Record<string, unknown>)
  const options = { method: 'POST', headers: { authorization: `Bearer ${ENV.T_ADMIN}` } }
  const got = await get(`${gateway.adminUrl}/reload`, options)
  t.equal(got.status, 422, got.body)
  noCanary(t, 'POST /reload', got.body)
}

/** Malformed secrets, each in a place of its own. */
function broken(config: ReturnType<typeof configOf>, dir: string): readonly object[] {
  const bad = '$' + '{T_BAD}'
  const damaged = join(dir, 'damaged.pem')
  writeFileSync(damaged, SERVER.key.replace(/\n[\w+/=]{40,}\n/, '\ncanary-damaged-key\n'))
  const secure = (tls: object) => ({ ...config, listen: [{ address: '127.0.0.1:0', tls }] })
  const acme = { email: 'ops@example.com', directory: 'https://u:canary-acme-password@acme.example/directory' }
  const cdn = (over: object) => ({ ...config, cdns: [{ ...(config as { cdns?: object[] }).cdns?.[0], ...over }] })
  return [
    { ...config, admin: { ...config.admin, token: bad } },
    { ...config, debug: { token: bad } },
    { ...config, listen: [{ address: bad }] },
    { ...config, workers: bad },
    { ...config, log: { level: bad } },
    { ...config, [bad]: 1 },
    { ...config, policies: { [bad]: {} } },
    cdn({ headers: { request: { set: { authorization: bad } } } }),
    cdn({ headers: { request: { set: { [bad]: 'x' } } } }),
    cdn({ url: '$' + '{T_URL}' }),
    cdn({ url: 'https://user:canary-url-literal@cdn.example' }),
    cdn({ url: 'https://cdn.example/?key=canary-url-query' }),
    {
      ...config,
      sites: [{ name: 'www', hosts: ['*'], origin: { urls: ['https://u:canary-origin-password@a.example'] } }],
    },
    { ...secure({ acme }), state_dir: dir },
    secure({ certificates: [{ ...pair(SERVER), key_file: damaged }] }),
    secure({ certificates: [{ ...pair(SERVER), key_file: CLIENT.keyFile }] }),
    secure({ certificates: [{ cert_file: SERVER.keyFile, key_file: SERVER.certFile }] }),
    cdn({ url: 'https://cdn.example', tls: { client_certificate: { ...pair(CLIENT), key_file: damaged } } }),
    cdn({ url: 'https://cdn.example', tls: { ca_file: CLIENT.keyFile } }),
    cdn({ purge: { api: 'bunny', key: bad } }),
    cdn({ purge: { api: 'fastly', service: 's', token: ENV.T_URL, endpoint: '$' + '{T_URL}' } }),
    cdn({ name: bad }),
    cdn({ locations: [bad] }),
  ]
}

for (const workers of [1, 2]) {
  t.test(`no secret gets out anywhere, workers: ${workers}`, async (t) => {
    const upstream = await scriptedUpstream(t, (request) =>
      request.target.startsWith('/cut') ? ['not HTTP'] : answer(),
    )
    const config = configOf(upstream.url, workers)
    const gateway = await startGateway(t, config, { env: ENV })
    await clientSide(t, gateway)
    t.match(JSON.stringify(upstream.requests), /canary-header-value/, 'the upstream gets what it is meant to')
    await operatorSide(t, gateway)
    if (workers === 1) for (const each of broken(config, tempDir(t, 'broken'))) await rejectedReload(t, gateway, each)
    const exit = await gateway.close()
    noCanary(t, 'standard output', exit.stdout)
    noCanary(t, 'standard error', exit.stderr)
    t.match(exit.stdout, /"path":"\/a"/, 'requests were logged')
  })
}

t.test('validate and serve name the place of a malformed secret, and nothing of it', async (t) => {
  const config = configOf('http://127.0.0.1:1', 1)
  const dir = tempDir(t, 'secrets')
  const file = join(dir, 'config.yaml')
  for (const each of broken(config, dir)) {
    writeFileSync(file, configText(each as Record<string, unknown>))
    const { code, problems } = await validateFile(file, ENV)
    t.equal(code, 2)
    noCanary(t, configText(each as Record<string, unknown>), problems.map(formatProblem).join('\n'))
  }
  const exit = await runCommand(t, ['serve', '--config', file], ENV).exited()
  t.equal(exit.code, 2)
  noCanary(t, 'serve', exit.stdout + exit.stderr)
})
