import t from 'tap'
import type { Cdn, Endpoint, Site } from '../../src/config/snapshot.ts'
import type { CdnAddress } from '../../src/purging/apis/purge-api.ts'
import type { AskedPurge, AskedUrl } from '../../src/purging/asked-purge.ts'
import { cdnOrders } from '../../src/purging/cdn-orders.ts'
import { ID } from './support.ts'

const cdn = (name: string, provider: Cdn['provider'] = 'http') => ({ name, provider }) as Cdn
const endpoint = (owner: Cdn | null, over: Partial<Endpoint> = {}) =>
  ({
    cdn: owner,
    origin: 'https://edge.example',
    basePath: '',
    pathTemplate: '{path}',
    hostHeader: 'edge.example',
    ...over,
  }) as Endpoint
const siteOf = (name: string, endpoints: readonly Endpoint[], hosts = ['www.example.com']) =>
  ({ name, hosts, routes: [{ endpoints }, { endpoints }], unsafeEndpoints: [endpoint(null)] }) as unknown as Site

const URL_: AskedUrl = {
  text: 'https://www.example.com/a?x=1',
  host: 'www.example.com:8443',
  paths: ['/a'],
  queries: ['?x=1', ''],
}
const asked = (site: Site, over: Partial<AskedPurge> = {}): AskedPurge => ({
  site,
  urls: [],
  prefixes: [],
  tags: [],
  all: false,
  soft: false,
  wait: 0,
  ...over,
})
const texts = (addresses: readonly CdnAddress[]) =>
  addresses.map(({ scheme, host, path, query }) => `${scheme}://${host}${path}${query}`)

t.test('a CDN is told URLs as the gateway asks it for them', (t) => {
  const a = cdn('a')
  const cases: readonly (readonly [Partial<Endpoint>, readonly string[], readonly string[]])[] = [
    [{}, ['https://edge.example/a?x=1', 'https://edge.example/a'], ['https://edge.example/a']],
    [
      { hostHeader: null, origin: 'http://10.0.0.1:8080' },
      ['http://www.example.com/a?x=1', 'http://www.example.com/a'],
      ['http://www.example.com/a'],
    ],
    [
      { basePath: '/base', pathTemplate: '/pre{path}.gz', hostHeader: 'cdn.example:8443' },
      ['https://cdn.example/base/pre/a.gz?x=1', 'https://cdn.example/base/pre/a.gz'],
      ['https://cdn.example/base/pre/a'],
    ],
  ]
  for (const [over, urls, prefixes] of cases) {
    const site = siteOf('www', [endpoint(a, over)])
    const [one, ...more] = cdnOrders(asked(site, { urls: [URL_], prefixes: [{ ...URL_, queries: [''] }] }), [site], ID)
    t.same(more, [], 'once, though two routes have it')
    t.same(texts(one!.order.urls), urls)
    t.same(texts(one!.order.prefixes), prefixes)
    t.equal(one!.order.urls[0]!.asked, 'https://www.example.com/a?x=1')
    t.equal(one!.order.prefixes[0]!.asked, 'https://www.example.com/a?x=1*')
  }
  t.end()
})

t.test('all of a site is what its hosts have at each endpoint', (t) => {
  const a = cdn('a')
  const hosts = ['www.example.com', '*.example.com']
  const site = siteOf('www', [endpoint(a, { basePath: '/x', hostHeader: null }), endpoint(a)], hosts)
  const { order } = cdnOrders(asked(site, { all: true, soft: true, tags: ['t'] }), [site], ID)[0]!
  t.same(texts(order.roots), ['https://www.example.com/x/', 'https://edge.example/', 'https://*.example.com/x/'])
  t.match(order, { id: ID, soft: true, tags: ['t'], shared: false, urls: [] })
  t.end()
})

t.test('who shares a CDN is told; who has hashes for addresses is not asked', (t) => {
  const [a, b] = [cdn('a'), cdn('b')]
  const addressed = [
    endpoint(cdn('ipfs', 'ipfs')),
    endpoint(cdn('ar', 'arweave')),
    endpoint(cdn('ref'), { pathTemplate: '/{ref}' }),
  ]
  const site = siteOf('www', [endpoint(a), endpoint(b), ...addressed])
  const other = siteOf('other', [endpoint(b)])
  const orders = cdnOrders(asked(site, { all: true }), [site, other], ID)
  t.same(
    orders.map((one) => [one.cdn.name, one.order.shared]),
    [
      ['a', false],
      ['b', true],
    ],
  )
  t.end()
})
