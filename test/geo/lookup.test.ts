import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildMmdb } from '../../data/mmdb-build.ts'
import { type Address, parseAddress } from '../../src/geo/address.ts'
import { type GeoDatabase, openDatabase } from '../../src/geo/database.ts'
import { GeoLookup } from '../../src/geo/lookup.ts'
import { formatNetwork, type Network, parseNetwork } from '../../src/geo/network.ts'
import { createNetworkSet } from '../../src/geo/network-set.ts'
import type { Coordinates, Place } from '../../src/geo/place.ts'
import { contains, crowdedAddress, crowdedNetwork, makeDice } from './networks.ts'

const at = (latitude: number, longitude: number) => ({ latitude, longitude })
const LONDON = at(51.5, -0.13)
const TOKYO = at(35.7, 139.7)
const PARIS = at(48.9, 2.4)
const address = (text: string) => parseAddress(text)!

async function database(networks: Parameters<typeof buildMmdb>[0]): Promise<GeoDatabase> {
  const path = join(t.testdirName, 'lookup.mmdb')
  writeFileSync(path, buildMmdb(networks))
  return openDatabase(path)
}

function overrides(networks: Record<string, Coordinates>) {
  return createNetworkSet(Object.entries(networks).map(([text, place]) => [network(text), place] as const))
}

function network(text: string): Network {
  const parsed = parseNetwork(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.network
}

t.before(() => t.testdir({}))

t.test('override, database, default, none', async (t) => {
  const known = await database({
    '81.2.69.0/24': { ...LONDON, country_code: 'GB' },
    '1.0.0.0/24': { country_code: 'GS' },
  })
  const lookup = new GeoLookup({
    database: known,
    overrides: overrides({ '10.0.0.0/8': PARIS }),
    defaultLocation: TOKYO,
  })
  const place = (text: string) => lookup.place(address(text))
  t.strictSame(
    { ...place('10.1.2.3') },
    {
      network: '10.1.2.0/24',
      source: 'override',
      location: PARIS,
      country: null,
      continent: 'EU',
      asn: null,
    },
  )
  t.strictSame(
    { ...place('81.2.69.142') },
    {
      network: '81.2.69.0/24',
      source: 'database',
      location: LONDON,
      country: 'GB',
      continent: 'EU',
      asn: null,
    },
  )
  t.match(place('9.9.9.9'), { source: 'default', location: TOKYO, country: null, continent: 'AS' })
  t.match(place('1.0.0.9'), { source: 'default', location: TOKYO, country: 'GS', continent: 'AN' })
  t.match(place('2001:db8::1'), { source: 'default', network: '2001:db8::/48' })
  const bare = new GeoLookup({ database: known, overrides: overrides({}), defaultLocation: null })
  t.match(bare.place(address('9.9.9.9')), { source: 'none', location: null, continent: null })
})

t.test('a block that no source divides shares one place', async (t) => {
  const lookup = new GeoLookup({
    database: await database({ '81.2.64.0/20': LONDON, '2001:db8::/32': TOKYO }),
    overrides: overrides({ '10.0.0.0/8': PARIS }),
    defaultLocation: null,
  })
  const first = lookup.place(address('81.2.69.1'))
  t.equal(lookup.place(address('81.2.69.254')), first)
  t.equal(lookup.place(address('::ffff:81.2.69.7')), first)
  t.not(lookup.place(address('81.2.70.1')), first)
  t.equal(lookup.place(address('2001:db8:1::1')), lookup.place(address('2001:db8:1:ffff::1')))
  t.not(lookup.place(address('2001:db8:2::1')), lookup.place(address('2001:db8:1::1')))
  t.equal(lookup.place(address('10.0.0.1')), lookup.place(address('10.0.0.2')))
  t.not(lookup.place(address('0.0.0.0')), lookup.place(address('::')), 'the families do not mix')
  t.strictSame([lookup.hits, lookup.misses], [5, 7])
})

t.test('a divided block shares by its parts', async (t) => {
  const lookup = new GeoLookup({
    database: await database({ '81.2.69.0/24': LONDON, '81.2.69.128/25': TOKYO, '81.2.70.0/24': LONDON }),
    overrides: overrides({ '81.2.70.9': PARIS }),
    defaultLocation: null,
  })
  const place = (text: string) => lookup.place(address(text))
  t.match(place('81.2.69.1'), { location: LONDON, network: '81.2.69.0/25' })
  t.match(place('81.2.69.200'), { location: TOKYO, network: '81.2.69.128/25' })
  t.equal(place('81.2.69.2'), place('81.2.69.1'))
  t.equal(place('81.2.69.201'), place('81.2.69.200'))
  t.match(place('81.2.70.9'), { location: PARIS, source: 'override', network: '81.2.70.9/32' })
  t.match(place('81.2.70.8'), { location: LONDON, source: 'database', network: '81.2.70.8/32' })
  t.match(place('81.2.70.200'), { location: LONDON, network: '81.2.70.128/25' })
  t.equal(place('81.2.70.201'), place('81.2.70.200'))
})

t.test('what is remembered is what the sources say, whatever was asked before', async (t) => {
  const dice = makeDice(5)
  for (let round = 0; round < 25; round++) {
    const networks = Array.from({ length: 30 }, () => crowdedNetwork(dice, dice(2) === 0 ? 4 : 6))
    const [own, others] = [networks.slice(0, 8), networks.slice(8)]
    const spot = (index: number) => at(index, round)
    const known = await database(Object.fromEntries(others.map((entry, index) => [formatNetwork(entry), spot(index)])))
    const forced = own.map((entry, index) => [entry, spot(-1 - index)] as const)
    const options = { database: known, overrides: createNetworkSet(forced), defaultLocation: at(90, 0) }
    const lookup = new GeoLookup({ ...options, maxEntries: round % 2 === 0 ? 10_000 : 20 })
    const seen = new Map<Place, string>()
    for (let turn = 0; turn < 400; turn++) {
      const asked = crowdedAddress(dice, dice(2) === 0 ? 4 : 6)
      const place = lookup.place(asked)
      const truth = bruteForce(asked, forced, known) ?? at(90, 0)
      if (!sameSpot(place.location, truth))
        t.fail(`${asked.text} got ${JSON.stringify(place)}, not ${JSON.stringify(truth)}`)
      if (!contains(network(place.network), asked)) t.fail(`${asked.text} is not in ${place.network}`)
      if ((seen.get(place) ?? place.network) !== place.network) t.fail('a place changed')
      seen.set(place, place.network)
    }
    t.ok(lookup.hits > 50, 'places were shared')
    t.equal(lookup.hits + lookup.misses, 400)
  }
})

function bruteForce(asked: Address, forced: readonly (readonly [Network, Coordinates])[], known: GeoDatabase) {
  const matching = forced
    .filter(([candidate]) => contains(candidate, asked))
    .map(([{ prefix }, spot]) => ({ prefix, spot }))
  const longest = Math.max(...matching.map(({ prefix }) => prefix))
  return matching.findLast(({ prefix }) => prefix === longest)?.spot ?? known.place(asked).location
}

function sameSpot(a: Coordinates | null, b: Coordinates | null): boolean {
  return a?.latitude === b?.latitude && a?.longitude === b?.longitude
}

t.test('memory is bounded', async (t) => {
  const lookup = new GeoLookup({
    database: await database({ '0.0.0.0/0': LONDON }),
    overrides: overrides({}),
    defaultLocation: null,
    maxEntries: 2,
  })
  const first = lookup.place(address('1.0.0.1'))
  lookup.place(address('1.0.1.1'))
  lookup.place(address('1.0.2.1'))
  t.not(lookup.place(address('1.0.0.1')), first, 'the oldest was forgotten')
  t.equal(lookup.misses, 4)
})

t.test('an AS number tells addresses of one block apart, overrides or not', async (t) => {
  const known = await database({ '81.2.64.0/20': { ...LONDON, country_code: 'GB' } })
  const path = join(t.testdir({}), 'asn.mmdb')
  writeFileSync(
    path,
    buildMmdb({
      '81.2.69.0/25': { autonomous_system_number: 3320 },
      '81.2.69.128/25': { asn: 'AS64500' },
      '10.0.0.0/9': { autonomous_system_number: 0 },
      '10.1.1.4/30': { autonomous_system_number: 4_294_967_295 },
    }),
  )
  const asnDatabase = await openDatabase(path, 'asn_database')
  const lookup = new GeoLookup({
    database: known,
    asnDatabase,
    overrides: overrides({ '10.0.0.0/8': PARIS }),
    defaultLocation: null,
  })
  const asn = (text: string) => lookup.place(address(text)).asn
  t.equal(asn('81.2.69.1'), 3320)
  t.equal(asn('81.2.69.200'), 64500)
  t.equal(asn('81.2.69.2'), 3320)
  t.equal(asn('81.2.70.1'), null)
  t.equal(asn('10.1.1.3'), null, 'nobody has AS 0')
  t.equal(asn('10.1.1.5'), 4_294_967_295, 'an override says nothing of whose network it is')
  await t.rejects(openDatabase(join(t.testdirName, 'asn.mmdb')), { message: /neither locations nor countries/ })
})
