import t from 'tap'
import { compile } from '../../src/config/compile.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { configJsonSchema } from '../../src/config/schema/json-schema.ts'
import type { Endpoint, Snapshot } from '../../src/config/snapshot.ts'
import { metro } from '../../src/geo/metros.ts'
import { PRESET_NAMES, presetMetros } from '../../src/geo/presets/index.ts'
import { nearestOrder } from '../../src/steering/order.ts'
import { expectProblems, SITE } from './problems-of.ts'

/** A site that uses these CDNs, one to a line. */
const withCdns = (...cdns: readonly string[]) =>
  `${SITE.replace('{ mode: origin }', `{ cdns: [${cdns.map((_, index) => `c${index}`)}] }`)}cdns:\n${cdns
    .map((more, index) => `  - { name: c${index}, provider: http, ${more} }\n`)
    .join('')}`
const at = (locations: string) => `url: "https://a.example", locations: ${locations}`

const NAMES = PRESET_NAMES.join(', ')
const CLOUDFRONT = presetMetros('cloudfront').map((code) => metro(code)!)

function snapshotOf(text: string): Snapshot {
  const parsed = parseConfig(text, 'c.yaml', {})
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems, null, 2))
  const nothing = { database: null, asnDatabase: null, stateDir: null, folder: '/etc/polycdn' }
  return compile(parsed.config, { id: 'abc', files: new Map(), ...nothing })
}

function endpointsOf(...cdns: readonly string[]): readonly Endpoint[] {
  return snapshotOf(withCdns(...cdns)).sites[0]!.routes[0]!.endpoints
}

t.test('a whole preset, and one among places of your own', async (t) => {
  const [whole, listed, mixed] = endpointsOf(
    at('{ preset: cloudfront }'),
    at('[{ preset: cloudfront }]'),
    at('[{ latitude: 1, longitude: 2 }, { preset: cloudfront }, fra, HBA]'),
  )
  t.strictSame(whole!.locations, CLOUDFRONT)
  t.equal(listed!.locations, whole!.locations, 'equal places are one list')
  t.strictSame(mixed!.locations, [{ latitude: 1, longitude: 2 }, ...CLOUDFRONT, metro('HBA')], 'FRA is there once')
})

t.test('what two presets have in common is there once', async (t) => {
  const [both] = endpointsOf(at('[{ preset: cloudfront }, { preset: cloudflare }, { preset: cloudfront }]'))
  const metros = new Set([...presetMetros('cloudfront'), ...presetMetros('cloudflare')])
  const places = new Set([...metros].map((code) => JSON.stringify(metro(code))))
  t.equal(both!.locations.length, places.size)
})

t.test("an endpoint's own preset, and that of its CDN", async (t) => {
  const [own, listed, inherited] = endpointsOf(
    `locations: [FRA, { preset: cloudfront }], endpoints: [
      { url: "https://1.example", locations: { preset: bunny } },
      { url: "https://2.example", locations: [{ preset: google }, AKL] },
      { url: "https://3.example" }]`,
  )
  t.strictSame(
    own!.locations,
    presetMetros('bunny').map((code) => metro(code)),
  )
  t.strictSame(
    listed!.locations,
    [...presetMetros('google'), 'AKL'].map((code) => metro(code)),
  )
  t.equal(inherited!.locations.length, CLOUDFRONT.length)
})

t.test('the nearest PoP counts', async (t) => {
  const text = withCdns(at('{ preset: cloudfront }'), at('[LAX]'), `url: "https://b.example"`)
  const { geometry } = snapshotOf(text).sites[0]!.routes[0]!
  const tokyo = { latitude: 35.7, longitude: 139.7 }
  const place = { network: '192.0.2.0/24', source: 'override', country: null, continent: null, asn: null } as const
  const order = nearestOrder(geometry, { ...place, location: tokyo })!
  t.equal(order[0]!.index, 0)
  t.ok(order[0]!.km > 40 && order[0]!.km < 80, `NRT is ${order[0]!.km} km from Tokyo`)
  t.equal(order[2]!.index, 1)
})

t.test('routes of equal places share a geometry, others do not', async (t) => {
  const sites = ['www', 'img', 'far'].map(
    (name) =>
      `  - { name: ${name}, hosts: [${name}.example], cdns: { c0: { url: "https://${name}.example" } }, routes: [{ policy: ${name === 'far' ? 'b' : 'a'} }] }\n`,
  )
  const text = `sites:\n${sites.join('')}policies: { a: { cdns: [c0] }, b: { cdns: [c1] } }
cdns:
  - { name: c0, provider: http, ${at('{ preset: akamai }')} }
  - { name: c1, provider: http, ${at('[FRA]')} }
`
  const [www, img, far] = snapshotOf(text).sites.map(({ routes }) => routes[0]!.geometry)
  t.equal(www, img)
  t.not(www, far)
})

t.test('what is wrong stands where it is written', async (t) => {
  const cases: readonly (readonly [locations: string, problem: string])[] = [
    [
      '{ preset: §cloudfrnt }',
      `locations.preset: expected one of ${NAMES}, got "cloudfrnt"; did you mean "cloudfront"?`,
    ],
    [
      '[FRA, { preset: §cloudflar }]',
      `locations[1].preset: expected one of ${NAMES}, got "cloudflar"; did you mean "cloudflare"?`,
    ],
    ['{ preset: §7 }', `locations.preset: expected one of ${NAMES}, got 7`],
    ['§FRA', 'locations: expected a list of locations, or { preset: … }, got "FRA"'],
    ['§cloudfront', 'locations: expected a list of locations, or { preset: … }, got "cloudfront"'],
    ['[§7]', 'locations[0]: expected a metro code such as FRA, { latitude: …, longitude: … }, or { preset: … }, got 7'],
    ['[{ preset: fastly }, §FRQ]', 'locations[1]: unknown metro code, got "FRQ"; did you mean "FRA"?'],
    ['[{ latitude: §91, longitude: 0 }]', 'locations[0].latitude: must be at most 90, got 91'],
    ['{ preset: fastly, §metros: [FRA] }', 'locations.metros: unknown key "metros"'],
  ]
  for (const [locations, problem] of cases) {
    expectProblems(t, withCdns(at(locations)), [`cdns[0].${problem}`])
    const endpoint = `endpoints: [{ ${at(locations)} }]`
    expectProblems(t, withCdns(endpoint), [`cdns[0].endpoints[0].${problem}`])
  }
})

t.test('editors can complete the name of a preset', async (t) => {
  const text = JSON.stringify(configJsonSchema())
  t.equal(text.split(JSON.stringify({ enum: PRESET_NAMES })).length - 1, 4, 'alone and in a list, of CDN and endpoint')
})
