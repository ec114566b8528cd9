import t from 'tap'
import { country } from '../../src/geo/countries.ts'
import { COUNTRIES } from '../../src/geo/countries-data.ts'
import { distanceKm } from '../../src/geo/distance.ts'

t.test('every country has a continent, and almost every one a place', (t) => {
  const codes = COUNTRIES.trim()
    .split(/,\s*/)
    .map((row) => row.slice(0, 2))
  t.equal(new Set(codes).size, codes.length)
  t.ok(codes.length >= 245)
  for (const code of codes) t.match(country(code)!.continent, /^(AF|AN|AS|EU|NA|OC|SA)$/, code)
  const nowhere = codes.filter((code) => country(code)!.location === null)
  t.strictSame(
    nowhere.filter((code) => !['GS', 'HM', 'TF'].includes(code)),
    [],
  )
  t.end()
})

t.test('known places', (t) => {
  const table: [code: string, continent: string, latitude: number, longitude: number, within: number][] = [
    ['DE', 'EU', 51, 10, 300],
    ['PT', 'EU', 38.7, -9.1, 300],
    ['US', 'NA', 39, -93, 1000],
    ['JP', 'AS', 35, 136, 500],
    ['BR', 'SA', -18, -46, 700],
    ['AU', 'OC', -34, 142, 1000],
    ['VA', 'EU', 41.9, 12.45, 20],
  ]
  for (const [code, continent, latitude, longitude, within] of table) {
    const found = country(code)!
    t.equal(found.continent, continent, code)
    t.ok(distanceKm(found.location!, { latitude, longitude }) < within, code)
  }
  for (const code of ['', 'ZZ', 'de', '__proto__']) t.equal(country(code), undefined)
  t.end()
})
