import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { buildMmdb } from '../../data/mmdb-build.ts'
import { uint } from '../../data/mmdb-value.ts'
import { PolycdnError } from '../../src/errors.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { openDatabase } from '../../src/geo/database.ts'
import { makeDice } from './networks.ts'

const LONDON = { latitude: 51.5, longitude: -0.13 }
const TOKYO = { latitude: 35.7, longitude: 139.7 }
const address = (text: string) => parseAddress(text)!
const NOTHING = { location: null, country: null, continent: null, asn: null }

let count = 0
function file(bytes: Uint8Array | string, folder = t.testdirName): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${count++}.mmdb`)
  writeFileSync(path, bytes)
  return path
}

t.before(() => t.testdir({}))

t.test('flat records', async (t) => {
  const path = file(
    buildMmdb(
      {
        '81.2.69.0/24': { ...LONDON, country_code: 'GB', city: 'London' },
        '2001:db8::/32': { ...TOKYO, country_code: 'JP' },
      },
      { buildEpoch: 1_700_000_000, databaseType: 'flat' },
    ),
  )
  const database = await openDatabase(path)
  t.match(database, { path, type: 'flat', buildEpoch: 1_700_000_000 })
  t.ok(Math.abs(database.loadedAt - Date.now()) < 60_000)
  const gb = { location: LONDON, country: 'GB', continent: 'EU', asn: null, prefix: 24 }
  t.strictSame(database.place(address('81.2.69.142')), gb)
  t.strictSame(database.place(address('::ffff:81.2.69.142')), gb)
  t.strictSame(database.place(address('64:ff9b::81.2.69.142')), gb)
  t.strictSame(database.place(address('2001:db8::1')), {
    location: TOKYO,
    country: 'JP',
    continent: 'AS',
    asn: null,
    prefix: 32,
  })
  t.strictSame(database.place(address('81.2.68.1')), { ...NOTHING, prefix: 24 }, 'and how wide nothing is known')
})

t.test('nested records', async (t) => {
  const record = {
    location: { ...LONDON, accuracy_radius: uint(16, 10) },
    country: { iso_code: 'GB', geoname_id: uint(32, 2_635_167) },
    continent: { code: 'EU' },
  }
  const database = await openDatabase(file(buildMmdb({ '81.2.69.0/24': record }, { recordSize: 28 })))
  const expected = { location: LONDON, country: 'GB', continent: 'EU', asn: null, prefix: 24 }
  t.strictSame(database.place(address('81.2.69.1')), expected)
})

t.test('a country alone stands at its middle', async (t) => {
  const database = await openDatabase(
    file(
      buildMmdb({
        '1.0.0.0/24': { country: { iso_code: 'DE' } },
        '1.0.1.0/24': { country_code: 'JP', continent_code: 'AS' },
        '1.0.2.0/24': { country: 'BR' },
        '1.0.3.0/24': { country: { iso_code: 'ZZ' }, continent: { code: 'EU' } },
        '1.0.4.0/24': { continent: { code: 'XX' }, country: { names: { en: 'DE' } } },
      }),
    ),
  )
  const place = (text: string) => database.place(address(text))
  t.match(place('1.0.0.1'), { country: 'DE', continent: 'EU', location: { latitude: Number, longitude: Number } })
  t.match(place('1.0.1.1'), { country: 'JP', continent: 'AS', location: { latitude: Number, longitude: Number } })
  t.match(place('1.0.2.1'), { country: 'BR', continent: 'SA', location: { latitude: Number, longitude: Number } })
  t.match(place('1.0.3.1'), { country: 'ZZ', continent: 'EU', location: null })
  t.match(place('1.0.4.1'), NOTHING)
})

t.test('an IPv4 database knows nothing of IPv6', async (t) => {
  const database = await openDatabase(file(buildMmdb({ '0.0.0.0/0': LONDON }, { ipVersion: 4 })))
  t.match(database.place(address('2001:db8::1')), { ...NOTHING, prefix: 0 })
  t.match(database.place(address('9.9.9.9')), { location: LONDON, prefix: 1 })
})

t.test('coordinates that are none are not believed', async (t) => {
  const bad = [
    { latitude: 91, longitude: 0 },
    { latitude: 0, longitude: -180.1 },
    { latitude: Number.NaN, longitude: 0 },
    { latitude: Number.POSITIVE_INFINITY, longitude: 0 },
    { latitude: '1e1', longitude: '0' },
    { latitude: '', longitude: '' },
    { latitude: true, longitude: false },
    { latitude: 1.5 },
    { location: 'London' },
    { location: [1.5, 2.5] },
    'text',
    ['list'],
  ]
  const networks = Object.fromEntries(bad.map((record, index) => [`10.0.${index}.0/24`, record]))
  const database = await openDatabase(
    file(buildMmdb({ ...networks, '11.0.0.0/8': { latitude: '51.5', longitude: '-0.13' } })),
  )
  for (const index of bad.keys()) {
    t.strictSame(database.place(address(`10.0.${index}.1`)), { ...NOTHING, prefix: 24 }, JSON.stringify(bad[index]))
  }
  t.strictSame(database.place(address('11.1.1.1')).location, LONDON, 'numbers written as text are')
})

t.test('what cannot be used is refused with its path and the reason', async (t) => {
  const good = buildMmdb({ '81.2.69.0/24': LONDON, '2001:db8::/32': TOKYO })
  const marker = good.lastIndexOf('MaxMind.com')
  const folder = join(t.testdir({}), 'folder')
  mkdirSync(folder)
  const pipe = join(t.testdirName, 'pipe')
  execFileSync('mkfifo', [pipe])
  const table: [what: string, path: string, reason: RegExp][] = [
    ['missing', '/nowhere/geo.mmdb', /no such file/],
    ['below a file', join(file(good), 'x'), /no such file/],
    ['a folder', folder, /not a file/],
    ['a pipe', pipe, /not a file/],
    ['empty', file(''), /empty/],
    ['text', file('version: 1\n'), /not a MaxMind DB/],
    ['gzip', file(gzipSync(good)), /gzip/],
    ['cut off', file(good.subarray(0, marker - 10)), /cut off/],
    ['cut off in the metadata', file(good.subarray(0, marker + 40)), /damaged or cut off/],
    ['cut off behind the marker', file(good.subarray(0, marker + 11)), /damaged or cut off/],
    ['without its beginning', file(good.subarray(marker - 40)), /damaged or cut off/],
    ['zeros for a tree', file(Buffer.concat([Buffer.alloc(marker - 3), good.subarray(marker - 3)])), /damaged|neither/],
    ['ones for a tree', file(Buffer.concat([Buffer.alloc(marker - 3, 255), good.subarray(marker - 3)])), /damaged/],
    [
      'no places',
      file(buildMmdb({ '81.2.69.0/24': { autonomous_system_number: uint(32, 1) } })),
      /neither locations nor/,
    ],
  ]
  for (const [what, path, reason] of table) {
    const error = await openDatabase(path).catch((thrown: unknown) => thrown)
    if (!(error instanceof PolycdnError)) return t.fail(`${what}: ${error}`)
    t.equal(error.code, 'geo_unreadable', what)
    t.match(error.message, reason, what)
    t.ok(error.message.includes(path), 'names the path')
    t.notMatch(error.message, /\n/)
  }
})

t.test('damage anywhere never throws and never hangs', async (t) => {
  const entries = Array.from({ length: 300 }, (_, index) => [`${index % 200}.${index % 256}.0.0/16`, LONDON] as const)
  const networks = Object.fromEntries(entries)
  const good = buildMmdb({ ...networks, '2001:db8::/32': { ...TOKYO, country: { iso_code: 'JP' } } })
  const marker = good.lastIndexOf('MaxMind.com') - 3
  const dice = makeDice(3)
  let opened = 0
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(good)
    const from = dice(round % 3 === 0 ? bytes.length : marker)
    const length = 1 + dice(round % 2 === 0 ? 4 : 2000)
    for (let at = from; at < Math.min(bytes.length, from + length); at++) bytes[at] = dice(256)
    const database = await openDatabase(file(bytes)).catch((error: unknown) => error)
    if (database instanceof PolycdnError) continue
    if (database instanceof Error) return t.fail(database.message)
    opened++
    for (let turn = 0; turn < 200; turn++) {
      const text = turn % 4 === 0 ? `2001:${dice(65_536).toString(16)}::1` : `${dice(200)}.${dice(256)}.0.1`
      const { location, prefix } = (database as Awaited<ReturnType<typeof openDatabase>>).place(address(text))
      const sane = location === null || (Math.abs(location.latitude) <= 90 && Math.abs(location.longitude) <= 180)
      if (!sane || prefix < 0 || prefix > 128) t.fail(`${text}: ${JSON.stringify({ location, prefix })}`)
    }
  }
  t.ok(opened > 20, `${opened} of 300 could be opened`)
})
