import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { networkOf } from '../../src/geo/network.ts'
import { createNetworkSet } from '../../src/geo/network-set.ts'
import { indexSites, matchRoute } from '../../src/steering/match.ts'
import type { RequestFacts } from '../../src/steering/request-facts.ts'
import { makeRoute, makeSite, placeAt, type RouteSpec } from './support/build.ts'

t.test('exact before the longest wildcard before any host', (t) => {
  const find = indexSites([
    makeSite('any', ['*']),
    makeSite('wide', ['*.example.com']),
    makeSite('narrow', ['*.eu.example.com']),
    makeSite('exact', ['www.eu.example.com', 'example.com']),
  ])
  const rows: Readonly<Record<string, string>> = {
    'www.eu.example.com': 'exact',
    'example.com': 'exact',
    'img.eu.example.com': 'narrow',
    'a.b.eu.example.com': 'narrow',
    'eu.example.com': 'wide',
    'www.example.com': 'wide',
    'badexample.com': 'any',
    'example.com.evil.test': 'any',
    com: 'any',
    '': 'any',
    '.': 'any',
    '[::1]': 'any',
  }
  for (const [host, site] of Object.entries(rows)) t.equal(find(host)?.name, site, host)
  t.end()
})

t.test('a wildcard does not match its own apex', (t) => {
  const find = indexSites([makeSite('wild', ['*.example.com'])])
  t.equal(find('example.com'), null)
  t.equal(find('x.example.com')?.name, 'wild')
  t.equal(find('other.test'), null)
  t.end()
})

t.test('nothing matches nothing', (t) => {
  t.equal(indexSites([])('a.b.c'), null)
  t.end()
})

t.test('a look-up costs a hash per label, however many sites there are', (t) => {
  const sites = Array.from({ length: 10_000 }, (_, index) =>
    makeSite(`s${index}`, [`h${index}.test`, `*.w${index}.test`]),
  )
  let reads = 0
  const counted = sites.map((site) => ({
    ...site,
    get hosts() {
      reads++
      return site.hosts
    },
  }))
  const find = indexSites(counted)
  t.equal(reads, 10_000, 'each site is looked at once, for the index')
  t.equal(find('h9999.test')?.name, 's9999')
  t.equal(find('deep.below.w4321.test')?.name, 's4321')
  t.equal(find('nobody.test'), null)
  t.equal(reads, 10_000, 'and never again')
  t.end()
})

const CLIENT = parseAddress('192.0.2.7')!

function request(
  over: Partial<RequestFacts> & { readonly headers?: Readonly<Record<string, string>> } = {},
): RequestFacts {
  const { headers = {}, ...rest } = over
  return {
    method: 'GET',
    path: '/',
    client: CLIENT,
    place: placeAt(0),
    forced: null,
    header: (name) => headers[name] ?? null,
    ...rest,
  }
}

function route(name: string, match: RouteSpec['match'] = {}) {
  return makeRoute([], { name, match })
}

t.test('the first route that matches', (t) => {
  const site = makeSite('s', ['*'], {
    routes: [route('assets', { path: /^\/assets\// }), route('get', { methods: new Set(['GET']) }), route('rest')],
  })
  t.equal(matchRoute(site, request({ path: '/assets/a' }))?.name, 'assets')
  t.equal(matchRoute(site, request({ path: '/x' }))?.name, 'get')
  t.equal(matchRoute(site, request({ path: '/x', method: 'POST' }))?.name, 'rest')
  t.equal(matchRoute(makeSite('s', ['*'], { routes: [route('never', { methods: new Set() })] }), request()), null)
  t.end()
})

t.test('every part of a match must hold', (t) => {
  const networks = createNetworkSet([[networkOf(parseAddress('192.0.2.0')!, 24), true as const]])
  const match = {
    path: /^\/a$/,
    methods: new Set(['GET']),
    networks,
    headers: [
      ['accept', /^image\//],
      ['x-beta', /^1$/],
    ] as const,
  }
  const site = makeSite('s', ['*'], { routes: [route('all', match)] })
  const good = { path: '/a', headers: { accept: 'image/png', 'x-beta': '1' } }
  t.equal(matchRoute(site, request(good))?.name, 'all')
  t.equal(matchRoute(site, request({ ...good, path: '/b' })), null)
  t.equal(matchRoute(site, request({ ...good, method: 'HEAD' })), null)
  t.equal(matchRoute(site, request({ ...good, client: parseAddress('198.51.100.1')! })), null)
  t.equal(matchRoute(site, request({ ...good, headers: { accept: 'image/png' } })), null)
  t.equal(matchRoute(site, request({ ...good, headers: { accept: 'text/html', 'x-beta': '1' } })), null)
  t.end()
})

t.test('a client is matched by its country, its continent and its AS; who is nowhere is in none', (t) => {
  const routes = [
    route('as', { asns: new Set([3320]), countries: new Set(['DE']) }),
    route('country', { countries: new Set(['DE', 'FR']) }),
    route('continent', { continents: new Set(['EU']) }),
    route('rest'),
  ]
  const site = makeSite('s', ['*'], { routes })
  const from = (country: string | null, continent: string | null, asn: number | null) =>
    matchRoute(site, request({ place: { ...placeAt(0), country, continent, asn } }))?.name
  t.equal(from('DE', 'EU', 3320), 'as')
  t.equal(from('FR', 'EU', 3320), 'country', 'both must hold')
  t.equal(from('DE', null, null), 'country')
  t.equal(from('IT', 'EU', 1), 'continent')
  t.equal(from('JP', 'AS', 3320), 'rest')
  t.equal(from(null, null, null), 'rest')
  t.end()
})
