import { join } from 'node:path'
import t from 'tap'
import { runCommand, startGatewayHere, writeConfig } from '../helpers/gateway.ts'
import { get, keepAlive } from '../helpers/http.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { skipUnless } from '../helpers/programs.ts'
import { tempDir } from '../helpers/scope.ts'

const SITES = Array.from({ length: 100 }, (_, i) => `site-${i}`)
const FILES = { '/fra/x': 'x', '/iad/x': 'x', '/sin/x': 'x', '/near/x': 'x' }

const hostAt = (site: string, cdn: string) => `${site}.${cdn}-cdn.test`

/** Each site has its own hostname at each of the three accounts, and a route to each account alone. */
function siteConfig(site: string, edges: readonly Nginx[]): Record<string, unknown> {
  const own = edges.map(({ name, url }) => [name, { url, host_header: hostAt(site, name) }])
  const routes = edges.map(({ name }) => ({ match: { path: `/${name}/*` }, policy: name }))
  const hosts = [`${site}.example.com`, `*.${site}.example.com`]
  return { name: site, hosts, cdns: Object.fromEntries(own), routes: [...routes, { policy: 'near' }] }
}

function config(edges: readonly Nginx[]): Record<string, unknown> {
  const names = edges.map(({ name }) => name)
  const alone = names.map((name) => [name, { cdns: [name], fallback: 'none' }])
  return {
    geoip: { overrides: { '192.0.2.0/24': 'SIN' } },
    cdns: edges.map(({ name, url }) => ({ name, provider: 'http', url, locations: [name.toUpperCase()] })),
    sites: SITES.map((site) => siteConfig(site, edges)),
    policies: { ...Object.fromEntries(alone), near: { cdns: names, strategy: 'proximity' } },
  }
}

t.test('100 sites share three CDN accounts, each with its own hostname there', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const start = (name: string) => startNginx(t, { name, files: FILES })
  const edges = await Promise.all(['fra', 'iad', 'sin'].map(start))
  const file = join(tempDir(t, 'sites'), 'config.yaml')
  writeConfig(file, config(edges))

  const validated = await runCommand(t, ['validate', '--config', file]).exited()
  t.equal(validated.code, 0, validated.stdout + validated.stderr)
  t.equal(validated.stderr, '')

  const gateway = await startGatewayHere(t, '', { file })
  const agent = keepAlive(t, 16)
  const visit = async (site: string, cdn: string) => {
    const headers = { host: `${site}.example.com`, 'x-forwarded-for': '192.0.2.7' }
    const { status, headers: got } = await get(`${gateway.url}/${cdn}/x`, { agent, headers })
    return [site, cdn, status, got['x-edge'], got['x-seen-host']]
  }
  const targets = SITES.flatMap((site) => ['fra', 'iad', 'sin', 'near'].map((cdn) => [site, cdn] as const))
  const seen = await Promise.all(targets.map(([site, cdn]) => visit(site, cdn)))
  const nearest = (cdn: string) => (cdn === 'near' ? 'sin' : cdn)
  const expected = targets.map(([site, cdn]) => [site, cdn, 200, nearest(cdn), hostAt(site, nearest(cdn))])
  t.same(seen, expected)

  const metrics = await gateway.metrics()
  t.equal(metrics.sum('polycdn_requests_total', { site: 'site-42', code: '2xx' }), 4)
  const deep = await get(`${gateway.url}/sin/x`, { agent, headers: { host: 'a.b.site-7.example.com:8080' } })
  t.equal(deep.headers['x-seen-host'], hostAt('site-7', 'sin'))
})
