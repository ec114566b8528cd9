import t from 'tap'
import { continentAt, country } from '../../src/geo/countries.ts'
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

t.test('the continent of a place is that of the nearest country', (t) => {
  const cities: Readonly<Record<string, readonly (readonly [latitude: number, longitude: number])[]>> = {
    AF: [
      [-26.2, 28],
      [6.5, 3.4],
      [30, 31.2],
    ], // Johannesburg, Lagos, Cairo
    AN: [[-90, 0]],
    AS: [
      [35.7, 139.8],
      [1.3, 103.8],
      [28.6, 77.2],
      [43.1, 131.9],
    ], // Tokyo, Singapore, Delhi, Vladivostok
    EU: [
      [51.5, -0.1],
      [38.7, -9.1],
      [60.2, 24.9],
    ], // London, Lisbon, Helsinki
    NA: [
      [40.7, -74],
      [34, -118.2],
      [61.2, -149.9],
      [19.4, -99.1],
    ], // New York, Los Angeles, Anchorage, Mexico City
    OC: [
      [-33.9, 151.2],
      [-32, 115.9],
      [-17.7, 177.4],
    ], // Sydney, Perth, Nadi
    SA: [
      [-23.5, -46.6],
      [-34.6, -58.4],
      [-12, -77.1],
    ], // São Paulo, Buenos Aires, Lima
  }
  for (const [continent, points] of Object.entries(cities)) {
    for (const [latitude, longitude] of points) t.equal(continentAt({ latitude, longitude }), continent)
  }
  t.equal(continentAt({ latitude: -17, longitude: 180 }), continentAt({ latitude: -17, longitude: -180 }))
  t.end()
})
