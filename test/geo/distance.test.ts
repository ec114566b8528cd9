import t from 'tap'
import { distanceKm, EARTH_RADIUS_KM } from '../../src/geo/distance.ts'

const at = (latitude: number, longitude: number) => ({ latitude, longitude })
const PARIS = at(48.8566, 2.3522)
const LONDON = at(51.5074, -0.1278)
const TOKYO = at(35.6762, 139.6503)
const SYDNEY = at(-33.8688, 151.2093)

t.test('known distances', (t) => {
  t.ok(Math.abs(distanceKm(LONDON, PARIS) - 343.6) < 1)
  t.ok(Math.abs(distanceKm(LONDON, TOKYO) - 9559) < 10)
  t.ok(Math.abs(distanceKm(LONDON, SYDNEY) - 16_994) < 20)
  t.end()
})

t.test('across the date line and at the poles', (t) => {
  t.ok(Math.abs(distanceKm(at(0, 179.5), at(0, -179.5)) - 111.2) < 0.1)
  t.ok(distanceKm(at(90, 0), at(90, 135)) < 1e-6)
  t.ok(Math.abs(distanceKm(at(90, 0), at(-90, 20)) - Math.PI * EARTH_RADIUS_KM) < 1e-6)
  t.end()
})

t.test('never NaN, symmetric, zero for itself', (t) => {
  for (let latitude = -90; latitude <= 90; latitude += 7.5) {
    for (let longitude = -180; longitude <= 180; longitude += 11.25) {
      const here = at(latitude, longitude)
      const opposite = at(-latitude, longitude > 0 ? longitude - 180 : longitude + 180)
      t.equal(distanceKm(here, here), 0)
      t.ok(Math.abs(distanceKm(here, opposite) - Math.PI * EARTH_RADIUS_KM) < 1e-3)
      t.equal(distanceKm(here, PARIS), distanceKm(PARIS, here))
    }
  }
  t.end()
})

t.test('agrees with the law of cosines', (t) => {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  for (const [a, b] of [
    [LONDON, TOKYO],
    [PARIS, SYDNEY],
    [TOKYO, SYDNEY],
  ] as const) {
    const cosine =
      Math.sin(radians(a.latitude)) * Math.sin(radians(b.latitude)) +
      Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.cos(radians(a.longitude - b.longitude))
    t.ok(Math.abs(distanceKm(a, b) - EARTH_RADIUS_KM * Math.acos(cosine)) < 1e-6)
  }
  t.end()
})
