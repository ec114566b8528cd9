// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type GatewayProcess, startGateway, writeConfig } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { tempDir } from '../helpers/scope.ts'
import { CHECKS, HMAC_KEY, RSA_PEM, type SignedEdge, signedEdge } from './signed-edges.ts'

const ENV = {
  T_TEXT: HMAC_KEY.toString(),
  T_HEX: HMAC_KEY.toString('hex'),
  T_BASE64: HMAC_KEY.toString('base64'),
}
const RSA = { key_pair_id: 'KEXAMPLE', key_file: 'cloudfront.pem' }
const SIGNING: Readonly<Record<string, object>> = {
  cloudfront: { type: 'cloudfront', ...RSA },
  bound: { type: 'cloudfront', ...RSA, bind_ip: true },
  fastly: { type: 'fastly', key: '${T_BASE64}' },
  bunny: { type: 'bunny', key: '${T_TEXT}' },
  akamai: { type: 'akamai', key: '${T_HEX}', parameter: 'hdnts', scope: 'directory' },
  google: { type: 'google', key: '${T_BASE64}', key_name: 'k1' },
}
const TYPES = Object.keys(SIGNING)
/** Everything that must stay between the gateway, the client and the CDN. */
const SECRETS = [
  ...Object.values(ENV),
  ...RSA_PEM.split('\n').filter((line) => line.length > 40),
  ...['Signature=', 'hmac=', 'HS256-', 'token=', 'Policy=', 'cloudfront.pem'],
]

type Edges = Readonly<Record<string, SignedEdge>>

/** One site and one policy for each type: `Host: TYPE.test`. */
async function start(t: Test): Promise<{ gateway: GatewayProcess; edges: Edges }> {
  const edges: Record<string, SignedEdge> = {}
  for (const type of TYPES) edges[type] = await signedEdge(t, CHECKS[type]!)
  const folder = tempDir(t, 'signed')
  writeFileSync(join(folder, 'cloudfront.pem'), RSA_PEM)
  const file = join(folder, 'config.yaml')
  const redirect = { status: 302, max_age: '24h' }
  const checked = (type: string) => (type === 'bound' ? {} : { health_check: { path: '/up', interval: '100ms' } })
  writeConfig(file, {
    cdns: TYPES.map((name) => ({
      name,
      provider: 'http',
      url: 'http://192.0.2.1',
      signing: { ttl: '1h', ...SIGNING[name] },
      ...checked(name),
    })),
    sites: TYPES.map((name) => ({
      name,
      hosts: [`${name}.test`],
      cdns: { [name]: { url: edges[name]!.url } },
      routes: [{ policy: name }],
    })),
    policies: Object.fromEntries(
      TYPES.map((name) => [name, { mode: 'redirect', redirect, cdns: [name], fallback: 'none' }]),
    ),
    debug: { clients: ['127.0.0.0/8'] },
    log: { access: true, level: 'debug' },
  })
  return { gateway: await startGateway(t, '', { file, env: ENV }), edges }
}

const ask = (gateway: GatewayProcess, type: string, target: string, fields: Readonly<Record<string, string>> = {}) =>
  get(gateway.url + target, { headers: { host: `${type}.test`, ...fields } })

const HOSTILE = [
  '/a/b.mp4',
  '/a/b.mp4?',
  '/a/b.mp4?x=1&y=%26&x=2',
  '/%C3%BC%20b/c%2Fd',
  '/*/b~exp=9!/*?q=*?',
  '/a?token=9999999999_0&Expires=9999999999&Signature=x&Key-Pair-Id=y&hdnts=exp=9~acl=/*~hmac=0&KeyName=z',
  '/a?expires=9999999999&Policy=e30_&%74oken=1&token_path=%2F&URLPrefix=x&Hash-Algorithm=SHA256',
  `/long?${'a=b&'.repeat(1500)}`,
]

t.test('signed redirects, from the gateway to the edge', async (t) => {
  const { gateway, edges } = await start(t)
  for (const type of TYPES) {
    for (const target of HOSTILE) {
      const { status, headers } = await ask(gateway, type, target)
      t.equal(status, 302, `${type} ${target.slice(0, 60)}`)
      t.equal((await fetch(headers.location!)).status, 200, headers.location!.slice(0, 200))
    }
    const { headers } = await ask(gateway, type, '/a/b.mp4?x=1')
    const memory = type === 'bound' ? 'no-store' : 'private, max-age=1800'
    t.equal(headers['cache-control'], memory, `${type}: remembered for half its life`)
    const moved = headers.location!.replace('/a/b.mp4', '/b/b.mp4')
    if (type !== 'bound') t.equal((await fetch(moved)).status, 403, `${type}: for this path only`)
    t.equal((await fetch(headers.location!.split('?')[0]!)).status, 403, `${type}: nothing without a signature`)
    edges[type]!.ahead = 3600 * 1.1 + 2
    t.equal((await fetch(headers.location!)).status, 403, `${type}: it ends`)
    edges[type]!.ahead = 3500
    t.equal((await fetch(headers.location!)).status, 200, `${type}: but not before`)
    edges[type]!.ahead = 0
  }

  for (const type of TYPES.filter((type) => type !== 'bound')) {
    const page = await ask(gateway, type, '/a/b.html?x=1', { 'sec-fetch-mode': 'navigate' })
    t.match(edges[type]!.checks, { good: /[1-9]/, bad: 0 }, `${type}: checks of health are signed`)
    t.equal(page.status, 200, `${type}: a navigation is delivered, and the gateway signs for itself`)
  }
  const six = await ask(gateway, 'bound', '/a', { 'x-forwarded-for': '2001:db8::1' })
  t.not(six.status, 302, 'what cannot be bound to an address is not handed out')

  await noSecret(t, gateway)
})

async function noSecret(t: Test, gateway: GatewayProcess): Promise<void> {
  const shown: string[] = []
  for (const type of TYPES) {
    const { headers } = await ask(gateway, type, '/a/b.mp4', { 'polycdn-debug': '1' })
    t.match(headers['polycdn-decision'], type)
    shown.push(JSON.stringify({ ...headers, location: '' }))
    const path = `/explain?ip=192.0.2.1&host=${type}.test&path=/a`
    shown.push((await get(gateway.adminUrl + path)).body)
  }
  for (const path of ['/status', '/metrics']) shown.push((await get(gateway.adminUrl + path)).body)
  const { stdout, stderr } = await gateway.close()
  t.match(stdout, /"path":"\/a\/b.mp4"/, 'requests were logged')
  for (const text of [...shown, stdout, stderr]) {
    t.same(
      SECRETS.filter((secret) => text.includes(secret)),
      [],
    )
  }
}
