import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { explainCommand } from '../../src/commands/explain.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { type Gateway, startGatewayHere } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { freePort } from '../helpers/port.ts'
import type { Scope } from '../helpers/scope.ts'

/** Universities, but for London. */
const CITIES = {
  London: '81.2.69.142',
  Zürich: '129.132.1.1',
  'Cape Town': '137.158.1.1',
  Cairo: '193.227.1.1',
  Delhi: '14.139.1.1',
  Singapore: '137.132.1.1',
  Tokyo: '133.11.0.1',
  Sydney: '129.78.5.1',
  Boston: '18.9.22.1',
  'San Francisco': '171.64.1.1',
  'Mexico City': '132.248.1.1',
  'São Paulo': '143.107.1.1',
} as const

const METROS = { fra: 'FRA', ams: 'AMS', iad: 'IAD', gru: 'GRU', sin: 'SIN', cpt: 'CPT' }

async function start(scope: Scope): Promise<Gateway> {
  const edge = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  await once(edge, 'listening')
  scope.teardown(() => edge.close())
  const base = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`
  const cdns = Object.entries(METROS).map(([name, metro]) => {
    return { name, provider: 'http', url: `${base}/${name}`, locations: [metro] }
  })
  cdns.push({ name: 'out', provider: 'http', url: `${base}/out`, locations: ['LHR'], drain: true } as never)
  const policy = { cdns: cdns.map(({ name }) => name) }
  return startGatewayHere(scope, {
    debug: { clients: ['0.0.0.0/0'] },
    admin: { address: `127.0.0.1:${await freePort()}` },
    cdns,
    sites: [
      { name: 'sure', hosts: ['sure.test'], origin: { urls: [base] }, routes: [{ policy: 'nearest' }] },
      { name: 'drawn', hosts: ['drawn.test'], routes: [{ policy: 'ties' }] },
    ],
    policies: { nearest: { ...policy, tie_threshold: '0km' }, ties: policy },
  })
}

interface Told {
  readonly client: string
  readonly decision: { readonly candidates: readonly { readonly cdn: string }[]; readonly rejected: readonly object[] }
  readonly drawn: boolean
  readonly drawn_among?: readonly string[]
}

async function explain(gateway: Gateway, ip: string, host: string, ...more: readonly string[]): Promise<Told> {
  const { shell, out, err } = fakeShell()
  const code = await explainCommand(['-c', gateway.file, '--ip', ip, '--host', host, '--json', ...more], shell)
  if (code !== 0) throw new Error(err.join('\n'))
  return JSON.parse(out[0]!)
}

async function header(gateway: Gateway, ip: string, host: string) {
  const headers = { host, 'x-forwarded-for': ip, 'polycdn-debug': '1' }
  const got = await get(gateway.url, { headers })
  return JSON.parse(String(got.headers['polycdn-decision']))
}

t.test('explain prints the Decision that the decision header then shows', async (t) => {
  const gateway = await start(t)
  const byName = (decision: Told['decision']) => {
    return { ...decision, candidates: decision.candidates.toSorted((a, b) => a.cdn.localeCompare(b.cdn)) }
  }
  const firsts = new Set<string>()
  for (const [city, ip] of Object.entries(CITIES)) {
    const sure = await explain(gateway, ip, 'sure.test')
    t.equal(sure.drawn, false, city)
    t.strictSame({ client: ip, ...sure.decision }, await header(gateway, ip, 'sure.test'), city)
    firsts.add(sure.decision.candidates[0]!.cdn)

    // Frankfurt and Amsterdam are equals for Europeans: each request draws, so that only the order may differ.
    const drawn = await explain(gateway, ip, 'drawn.test')
    const { client, ...shown } = await header(gateway, ip, 'drawn.test')
    t.equal(client, ip)
    t.equal(drawn.drawn, drawn.drawn_among !== undefined)
    t.strictSame(byName(drawn.decision), byName(shown), city)
    const may = drawn.drawn_among ?? [drawn.decision.candidates[0]!.cdn]
    t.ok(may.includes(shown.candidates[0].cdn), `${city}: ${shown.candidates[0].cdn} is one of ${may}`)
  }
  t.strictSame([...firsts].sort(), ['ams', 'cpt', 'fra', 'gru', 'iad', 'sin'])
  t.strictSame((await explain(gateway, CITIES.Zürich, 'drawn.test')).drawn_among?.toSorted(), ['ams', 'fra'])
})

t.test('a running gateway is asked what if, and nothing changes', async (t) => {
  const gateway = await start(t)
  const { Tokyo } = CITIES
  const given = await explain(gateway, Tokyo, 'sure.test', '--given', 'unhealthy=sin,fra', '--given', 'drained=ams')
  t.match(given, {
    given: { unhealthy: ['sin', 'fra'], drained: ['ams'] },
    decision: {
      candidates: [{ cdn: 'iad', reason: 'failover-unhealthy' }],
      rejected: [
        { cdn: 'fra', reason: 'unhealthy' },
        { cdn: 'ams', reason: 'drained' },
        { cdn: 'sin', reason: 'unhealthy' },
        { cdn: 'out', reason: 'drained' },
      ],
    },
  })
  t.match(await header(gateway, Tokyo, 'sure.test'), { candidates: [{ cdn: 'sin', reason: 'proximity' }] })

  const wrong = {
    'unhealty=sin': /"unhealty" is nothing that can be given; did you mean "unhealthy"\?/,
    'sick=sin': /"sick" is nothing .* one of unhealthy, /,
    'unhealthy=sinn': /no CDN is named "sinn"; did you mean "sin"\?/,
    unhealthy: /needs names of CDNs/,
    'unhealthy=': /no CDN is named ""/,
  }
  for (const [text, message] of Object.entries(wrong)) {
    for (const offline of [[], ['--offline']]) {
      const { shell, out, err } = fakeShell()
      const args = ['-c', gateway.file, '--ip', Tokyo, '--host', 'sure.test', '--given', text, ...offline]
      t.equal(await explainCommand(args, shell), 2, text)
      t.strictSame(out, [])
      t.match(err, [message])
    }
  }
  const twice = await gateway.admin('GET', `/explain?ip=${Tokyo}&host=sure.test&given=unhealthy:sin&given=ejected:sin`)
  t.match(twice, { status: 400, body: /given as unhealthy and as ejected/ })

  const metrics = await gateway.metrics()
  t.equal(metrics.value('polycdn_rejections_total', { policy: 'nearest', cdn: 'out', reason: 'drained' }), 1)
})
