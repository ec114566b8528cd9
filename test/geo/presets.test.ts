import t from 'tap'
import { metro } from '../../src/geo/metros.ts'
import { nearestKm } from '../../src/geo/nearest-location.ts'
import { PRESET_NAMES, PRESETS, presetMetros } from '../../src/geo/presets/index.ts'

t.test('each metro of a preset is in the table, once, in alphabetical order', (t) => {
  for (const name of PRESET_NAMES) {
    const metros = presetMetros(name)
    t.strictSame(metros, [...new Set(metros)].sort(), name)
    t.strictSame(
      metros.filter((code) => metro(code) === undefined),
      [],
      name,
    )
    t.ok(metros.length > 50, `${name}: ${metros.length}`)
  }
  t.end()
})

t.test('each list says whose it is and when it was so', (t) => {
  for (const name of PRESET_NAMES) {
    t.match(PRESETS[name].date, /^20\d\d(-\d\d-\d\d)?$/, name)
    t.ok(PRESETS[name].source.length > 10, name)
  }
  t.end()
})

t.test('where every large CDN is, and where one is known to be', (t) => {
  for (const name of PRESET_NAMES) {
    const locations = presetMetros(name).map((code) => metro(code)!)
    for (const code of ['AMS', 'FRA', 'IAD', 'LHR', 'NRT', 'SIN', 'SYD']) {
      t.ok(nearestKm(metro(code)!, locations)! < 80, `${name} ${code}`)
    }
  }
  t.ok(presetMetros('cloudflare').includes('QWJ'), 'a code that Cloudflare made')
  t.end()
})
