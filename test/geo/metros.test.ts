import t from 'tap'
import { distanceKm } from '../../src/geo/distance.ts'
import { METRO_CODES, metro } from '../../src/geo/metros.ts'
import { METROS } from '../../src/geo/metros-data.ts'

t.test('the table is whole', (t) => {
  t.ok(METRO_CODES.length >= 300, `${METRO_CODES.length} metros`)
  t.equal(METROS.trim().split(/,\s*/).length, METRO_CODES.length, 'no code twice')
  t.strictSame([...METRO_CODES], [...METRO_CODES].sort())
  for (const code of METRO_CODES) {
    const place = metro(code)!
    const good = /^[A-Z]{3}$/.test(code) && Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180
    if (!good) t.fail(`${code}: ${JSON.stringify(place)}`)
  }
  t.end()
})

t.test('known places', (t) => {
  const table: [code: string, latitude: number, longitude: number][] = [
    ['FRA', 50.03, 8.57],
    ['LHR', 51.47, -0.45],
    ['LON', 51.51, -0.13],
    ['IAD', 38.94, -77.46],
    ['SIN', 1.36, 103.99],
    ['NRT', 35.76, 140.39],
    ['TYO', 35.68, 139.69],
    ['GRU', -23.43, -46.47],
    ['SAO', -23.55, -46.63],
    ['SYD', -33.95, 151.18],
    ['AKL', -37.01, 174.79],
    ['JNB', -26.14, 28.24],
    ['SFO', 37.62, -122.38],
    ['EZE', -34.82, -58.54],
    ['BOM', 19.09, 72.87],
    ['HKG', 22.31, 113.91],
    ['NYC', 40.71, -74.01],
    ['PAR', 48.86, 2.35],
    ['ARN', 59.65, 17.92],
    ['CBF', 41.26, -95.86],
    ['PDK', 33.88, -84.3],
    ['FJR', 25.11, 56.32],
    ['QWJ', -22.74, -47.33],
    ['HIO', 45.54, -122.95],
    ['MOW', 55.76, 37.62],
  ]
  for (const [code, latitude, longitude] of table) {
    t.ok(distanceKm(metro(code)!, { latitude, longitude }) < 60, code)
  }
  t.end()
})

t.test('codes in either case, and what is none', (t) => {
  t.strictSame(metro('fra'), metro('FRA'))
  for (const code of ['', 'FR', 'FRAN', 'ZZZ', '__proto__', 'constructor']) t.equal(metro(code), undefined)
  t.end()
})
