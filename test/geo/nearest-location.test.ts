import t from 'tap'
import { distanceKm } from '../../src/geo/distance.ts'
import { metro } from '../../src/geo/metros.ts'
import { nearestKm } from '../../src/geo/nearest-location.ts'
import type { Coordinates } from '../../src/geo/place.ts'
import { PRESET_NAMES, presetMetros } from '../../src/geo/presets/index.ts'

const least = (from: Coordinates, locations: readonly Coordinates[]) =>
  Math.min(...locations.map((location) => distanceKm(from, location)))

t.test('nothing is nearest where there is nothing', (t) => {
  t.equal(nearestKm({ latitude: 0, longitude: 0 }, []), null)
  t.end()
})

t.test('few locations and many: the same as measuring each of them, all over the world', (t) => {
  const lists = PRESET_NAMES.map((name) => presetMetros(name).map((code) => metro(code)!))
  for (const all of lists) {
    for (const locations of [all, all.slice(0, 1), all.slice(0, 4), all.slice(0, 5)]) {
      for (let latitude = -90; latitude <= 90; latitude += 15) {
        for (let longitude = -180; longitude <= 180; longitude += 30) {
          const from = { latitude, longitude }
          const off = Math.abs(nearestKm(from, locations)! - least(from, locations))
          if (off > 0.001) t.fail(`${latitude} ${longitude}: ${off} km off`)
        }
      }
    }
  }
  t.end()
})

t.test('at a location, beside it, at its antipode', (t) => {
  const locations = presetMetros('cloudflare').map((code) => metro(code)!)
  t.equal(nearestKm(metro('NRT')!, locations), 0)
  const beside = { latitude: metro('NRT')!.latitude + 0.0001, longitude: metro('NRT')!.longitude }
  t.ok(nearestKm(beside, locations)! < 0.02)
  const same = Array.from({ length: 6 }, () => ({ latitude: 10, longitude: 20 }))
  t.equal(Math.round(nearestKm({ latitude: -10, longitude: -160 }, same)!), 20015)
  t.end()
})
