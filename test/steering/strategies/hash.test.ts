import t from 'tap'
import type { Policy } from '../../../src/config/snapshot.ts'
import { parseAddress } from '../../../src/geo/address.ts'
import type { RequestFacts } from '../../../src/steering/request-facts.ts'
import { hash } from '../../../src/steering/strategies/hash.ts'
import { makeEndpoint } from '../support/build.ts'
import { type FieldSpec, makeField, told } from '../support/field.ts'

const WEIGHTS = [100, 100, 100, 50, 150, 0]
const endpoints = WEIGHTS.map((weight, at) => makeEndpoint(`cdn-${at}`, { weight }))
const KEYS = Array.from({ length: 30_000 }, (_, at) => `/assets/${at}.js`)

function first(path: string, spec: FieldSpec = {}): string {
  return hash(makeField(endpoints, { ...spec, request: { path } }))[0]!.endpoint.cdnName
}

t.test('each endpoint has its share of the keys, and weight 0 none', (t) => {
  const counts = new Map<string, number>()
  for (const path of KEYS) counts.set(first(path), (counts.get(first(path)) ?? 0) + 1)
  for (const [at, weight] of WEIGHTS.entries()) {
    const share = (counts.get(`cdn-${at}`) ?? 0) / KEYS.length
    t.ok(Math.abs(share - weight / 500) < 0.01, `cdn-${at}: ${share}`)
  }
  t.end()
})

t.test('of n alike, at most 1.2/n of the keys move when one goes, all of them its own, and they come back', (t) => {
  for (const n of [2, 3, 5, 8]) {
    const alike = Array.from({ length: n }, (_, at) => makeEndpoint(`cdn-${at}`))
    const all = alike.map((_, index) => index)
    for (const gone of all) {
      const left = all.filter((index) => index !== gone)
      let moved = 0
      let strangers = 0
      for (const path of KEYS.slice(0, 6_000)) {
        const before = hash(makeField(alike, { request: { path } }))
        const after = hash(makeField(alike, { eligible: left, request: { path } }))
        if (before[0]!.endpoint === after[0]!.endpoint) continue
        moved++
        if (before[0]!.endpoint !== alike[gone]) strangers++
        // It goes to whom a request would fail over to anyway.
        if (before[1]!.endpoint !== after[0]!.endpoint) strangers++
      }
      t.equal(strangers, 0)
      t.ok(moved <= (1.2 / n) * 6_000, `${moved} of 6000 with ${n}`)
    }
  }
  t.end()
})

t.test('what is hashed: the path, the network of the client, or a header', (t) => {
  const spread = (hashOn: Policy['hashOn'], requests: readonly Partial<RequestFacts>[]) =>
    new Set(requests.map((request) => hash(makeField(endpoints, { policy: { hashOn }, request }))[0]!.endpoint)).size
  const paths = KEYS.slice(0, 50).map((path) => ({ path }))
  t.equal(spread('path', paths), 5)
  t.equal(spread('client-network', paths), 1)
  const clients = (text: (at: number) => string) => paths.map((_, at) => ({ client: parseAddress(text(at))! }))
  t.equal(
    spread(
      'client-network',
      clients((at) => `192.0.2.${at}`),
    ),
    1,
  )
  t.equal(
    spread(
      'client-network',
      clients((at) => `192.0.${at}.1`),
    ),
    5,
  )
  t.equal(
    spread(
      'client-network',
      clients((at) => `2001:db8:1:${at}::1`),
    ),
    1,
  )
  t.equal(
    spread(
      'client-network',
      clients((at) => `2001:db8:${at}::1`),
    ),
    5,
  )
  const asked: string[] = []
  const headers = paths.map((_, at) => ({
    header: (name: string) => {
      asked.push(name)
      return String(at)
    },
  }))
  t.equal(spread({ header: 'x-user' }, headers), 5)
  t.strictSame([...new Set(asked)], ['x-user'])
  t.equal(spread({ header: 'x-user' }, paths), 5, 'without the header, the path')
  t.end()
})

t.test('the reason, and no word about chance', (t) => {
  t.match(told(hash(makeField(endpoints, { longitude: null }))), /^(cdn-\d:hash ){5}cdn-5:hash$/)
  t.end()
})

t.test('an endpoint with far more than its share of what waits is passed over, and nobody else', (t) => {
  const path = KEYS.find((key) => first(key) === 'cdn-0')!
  const next = hash(makeField(endpoints, { request: { path } }))[1]!.endpoint.cdnName
  const calm = { 'cdn-0': 15, 'cdn-1': 0 }
  t.equal(first(path, { pending: calm }), 'cdn-0', 'a few are no load')
  const even = Object.fromEntries(WEIGHTS.map((weight, at) => [`cdn-${at}`, weight]))
  t.equal(first(path, { pending: even }), 'cdn-0')
  // 125 of 500 would be its bound.
  t.equal(first(path, { pending: { ...even, 'cdn-0': 124 } }), 'cdn-0')
  t.equal(first(path, { pending: { ...even, 'cdn-0': 140 } }), next)
  const ranked = hash(makeField(endpoints, { pending: { 'cdn-0': 1000 }, request: { path } }))
  t.equal(ranked.at(-1)!.endpoint.cdnName, 'cdn-0', 'and is still there to fail over to')
  t.end()
})
