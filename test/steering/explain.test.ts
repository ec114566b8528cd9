import t from 'tap'
import type { Endpoint, Site } from '../../src/config/snapshot.ts'
import { PolycdnError } from '../../src/errors.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { type ExplainedObject, explain, type Question } from '../../src/steering/explain.ts'
import { NOTHING_GIVEN } from '../../src/steering/given.ts'
import { indexSites } from '../../src/steering/match.ts'
import { NEUTRAL_WORLD } from '../../src/steering/world.ts'
import { makeEndpoint, makeRoute, makeSite, NO_HEADERS, placeAt, standing } from './support/build.ts'

const ORIGIN = { ...makeEndpoint('origin'), cdn: null }
const QUESTION: Question = {
  client: parseAddress('192.0.2.7')!,
  host: 'www.test',
  path: '/a',
  target: { path: '/%61', query: '?b' },
  method: 'GET',
  header: () => null,
}

function site(over: Partial<Site> = {}): Site {
  return makeSite('www', ['www.test'], {
    origin: { endpoints: [ORIGIN], timeout: 60_000, headers: NO_HEADERS, maxRequests: 256 },
    unsafeEndpoints: [ORIGIN],
    routes: [makeRoute([standing('b', 30), standing('a', 10)], { name: 'everything' })],
    ...over,
  })
}

function ask(over: Partial<Question> = {}, of: Site = site()): Record<string, unknown> {
  const ground = { findSite: indexSites([of]), world: NEUTRAL_WORLD, place: () => placeAt(0), given: NOTHING_GIVEN }
  return JSON.parse(JSON.stringify(explain({ ...QUESTION, ...over }, ground)))
}

t.test('what is asked, what matched, what is decided', (t) => {
  t.match(ask(), {
    client: '192.0.2.7',
    host: 'www.test',
    path: '/a',
    method: 'GET',
    place: { network: '192.0.2.0/24', source: 'database' },
    site: 'www',
    route: 'everything',
    decision: { policy: 'default', candidates: [{ cdn: 'a', reason: 'proximity' }, { cdn: 'b' }], rejected: [] },
    fallback: ['http://origin.test'],
  })
  t.notOk('passed_to' in ask())
  t.notOk('passed_to' in ask({ method: 'HEAD' }))
  t.end()
})

t.test('an unknown host and a missing route are answers, not errors', (t) => {
  t.match(ask({ host: 'other.test' }), { host: 'other.test', site: null, problem: 'unknown_host' })
  const never = makeRoute([], { match: { methods: new Set() } })
  t.match(ask({}, site({ routes: [never] })), { site: 'www', route: null, problem: 'no_route' })
  t.end()
})

t.test('other methods are passed on', (t) => {
  t.strictSame(ask({ method: 'POST' }).passed_to, [{ cdn: 'origin', url: 'http://origin.test' }])
  t.end()
})

t.test('the origin is named where it would be asked', (t) => {
  const withPolicy = (policy: object, over: Partial<Site> = {}) =>
    ask({}, site({ routes: [makeRoute([], { policy })], ...over })).fallback
  t.strictSame(withPolicy({ fallback: 'none' }), [])
  t.strictSame(withPolicy({ mode: 'origin', fallback: 'none' }), ['http://origin.test'])
  t.strictSame(withPolicy({ fallback: 'origin' }, { origin: null }), [])
  t.end()
})

t.test('a condition on a header holds for nobody that sends none', (t) => {
  const beta = makeRoute([], { name: 'beta', match: { headers: [['x-beta', /1/]] } })
  const routes = [beta, makeRoute([], { name: 'rest' })]
  t.equal(ask({}, site({ routes })).route, 'rest')
  t.end()
})

t.test('in the neutral world a tie goes to the nearest that has a weight', (t) => {
  const routes = [
    makeRoute([standing('heavy', 2, { weight: 900 }), standing('near', 1), standing('off', 0, { weight: 0 })]),
  ]
  t.match(ask({}, site({ routes })).decision, { candidates: [{ cdn: 'near' }, { cdn: 'heavy' }, { cdn: 'off' }] })
  t.end()
})

t.test('who cannot serve the object is told by who knows it, and asked only for what is decided', (t) => {
  const www = site()
  const asked: unknown[] = []
  const ground = {
    findSite: indexSites([www]),
    world: NEUTRAL_WORLD,
    place: () => placeAt(0),
    given: NOTHING_GIVEN,
    unfit: ({ target, site }: ExplainedObject) => {
      asked.push([site.name, target])
      return ({ cdnName }: Endpoint) => (cdnName === 'a' ? 'unverifiable' : null)
    },
  } as const
  t.match(explain(QUESTION, ground).decision, {
    candidates: [{ cdn: 'b' }],
    rejected: [{ cdn: 'a', reason: 'unverifiable' }],
  })
  t.match(explain({ ...QUESTION, method: 'POST' }, ground).passed_to, [{ cdn: 'origin' }])
  t.strictSame(asked, [['www', { path: '/%61', query: '?b' }]])
  const unfit = () => new PolycdnError('forbidden', 'not this')
  t.match(explain(QUESTION, { ...ground, unfit }), { route: 'everything', problem: 'forbidden' })
  t.end()
})

t.test('routes may look at header fields', async (t) => {
  const images = makeRoute([standing('b', 30)], { name: 'images' })
  const match = { ...images.match, headers: [['accept', /^image\//]] as const }
  const www = site({ routes: [{ ...images, match }, makeRoute([standing('a', 10)], { name: 'rest' })] })
  const ground = { findSite: indexSites([www]), world: NEUTRAL_WORLD, place: () => placeAt(0), given: NOTHING_GIVEN }
  t.equal(explain(QUESTION, ground).route, 'rest')
  t.equal(explain({ ...QUESTION, header: (name) => (name === 'accept' ? 'image/png' : null) }, ground).route, 'images')
})

t.test('a Cdn that is forced, and one that is not here', (t) => {
  const header = (name: string) => (name === 'polycdn-cdn' ? 'a' : null)
  t.match(ask({ header }), { decision: { candidates: [{ cdn: 'a', reason: 'override' }] }, fallback: [] })
  t.match(ask({ header: () => 'nobody' }), { site: 'www', problem: 'cdn_not_here' })
  t.end()
})
