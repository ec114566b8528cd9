import { statSync } from 'node:fs'
import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { openDatabase } from '../../src/geo/database.ts'
import { distanceKm } from '../../src/geo/distance.ts'
import { BUNDLED_DATABASE } from '../../src/geo/source.ts'

t.test('the bundled table is small and knows where people are', async (t) => {
  t.ok(statSync(BUNDLED_DATABASE).size <= 8_000_000)
  const database = await openDatabase(BUNDLED_DATABASE)
  t.equal(database.type, 'polycdn-geo')
  t.ok(database.buildEpoch > 1_700_000_000)
  const table: [address: string, who: string, latitude: number, longitude: number][] = [
    ['81.2.69.142', 'London', 51.5, -0.1],
    ['133.11.0.1', 'University of Tokyo', 35.7, 139.8],
    ['128.143.0.1', 'University of Virginia', 38, -78.5],
    ['129.132.1.1', 'ETH Zürich', 47.4, 8.5],
    ['143.107.1.1', 'University of São Paulo', -23.6, -46.7],
    ['129.78.5.1', 'University of Sydney', -33.9, 151.2],
    ['137.132.1.1', 'National University of Singapore', 1.3, 103.8],
    ['2001:200::1', 'WIDE, Japan', 35.7, 139.7],
    ['2001:620::1', 'SWITCH, Zürich', 47.4, 8.5],
  ]
  for (const [text, who, latitude, longitude] of table) {
    const { location } = database.place(parseAddress(text)!)
    t.ok(location !== null && distanceKm(location, { latitude, longitude }) < 250, `${text} ${who}`)
  }
})

t.test('it claims nothing of special-purpose addresses', async (t) => {
  const database = await openDatabase(BUNDLED_DATABASE)
  const texts = [
    '0.0.0.0',
    '10.0.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '192.0.2.1',
  ]
  texts.push('198.51.100.1', '203.0.113.1', '224.0.0.1', '255.255.255.255', '::1', 'fe80::1', 'fd00::1')
  for (const text of texts) t.match(database.place(parseAddress(text)!), { location: null, country: null }, text)
})
