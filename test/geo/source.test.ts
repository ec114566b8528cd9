import { renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildMmdb } from '../../data/mmdb-build.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { BUNDLED_DATABASE, type GeoReload, GeoSource } from '../../src/geo/source.ts'

const LONDON = { latitude: 51.5, longitude: -0.13 }
const TOKYO = { latitude: 35.7, longitude: 139.7 }
type Scope = { teardown(handler: () => void): void }

const somewhere = parseAddress('81.2.69.142')!
const table = (place: typeof LONDON, note = '') => buildMmdb({ '81.2.69.0/24': place }, { databaseType: `test${note}` })

async function open(t: Scope, path: string, reloadInterval = 0) {
  const reports: GeoReload[] = []
  const source = await GeoSource.open({ path, reloadInterval, onReload: (report) => reports.push(report) })
  t.teardown(() => source.close())
  return { source, reports, place: () => source.database.place(somewhere).location }
}

t.test('a replaced file is swapped in', async (t) => {
  const path = join(t.testdir({}), 'geo.mmdb')
  writeFileSync(path, table(LONDON))
  const { source, reports, place } = await open(t, path)
  await source.check()
  t.strictSame(reports, [], 'nothing changed, nothing to report')
  const before = source.database
  writeFileSync(`${path}.new`, table(TOKYO))
  renameSync(`${path}.new`, path)
  await source.check()
  t.strictSame(place(), TOKYO)
  t.strictSame(before.place(somewhere).location, LONDON, 'who holds the old one keeps it')
  t.strictSame(reports, [{ ok: true, path }])
})

t.test('a file rewritten in place is seen, also with the same size', async (t) => {
  const path = join(t.testdir({}), 'geo.mmdb')
  writeFileSync(path, table(LONDON))
  const { source, place } = await open(t, path)
  const { size } = statSync(path)
  writeFileSync(path, table(TOKYO))
  t.equal(statSync(path).size, size)
  utimesSync(path, 1e9, 1e9)
  await source.check()
  t.strictSame(place(), TOKYO)
})

t.test('a link that points elsewhere is a change', async (t) => {
  const folder = t.testdir({})
  for (const [name, place] of [
    ['a', LONDON],
    ['b', TOKYO],
  ] as const)
    writeFileSync(join(folder, name), table(place))
  const path = join(folder, 'current')
  symlinkSync('a', path)
  const { source, place } = await open(t, path)
  symlinkSync('b', `${path}.new`)
  renameSync(`${path}.new`, path)
  await source.check()
  t.strictSame(place(), TOKYO)
})

t.test('a bad file keeps the old database until it is good again', async (t) => {
  const path = join(t.testdir({}), 'geo.mmdb')
  writeFileSync(path, table(LONDON))
  const { source, reports, place } = await open(t, path)
  const whole = table(TOKYO, '-second')
  const bad = [Buffer.alloc(0), whole.subarray(0, 100), whole.subarray(0, whole.length - 20), Buffer.from('garbage')]
  for (const bytes of bad) {
    writeFileSync(path, bytes)
    await source.check()
    t.strictSame(place(), LONDON)
    t.match(reports.at(-1), { ok: false, path, error: { code: 'geo_unreadable', message: path } })
  }
  rmSync(path)
  await source.check()
  t.match(reports.at(-1), { ok: false, error: { message: /gone/ } })
  t.equal(reports.length, 5)
  writeFileSync(path, whole)
  await source.check()
  t.strictSame(place(), TOKYO)
  t.strictSame(reports.at(-1), { ok: true, path })
})

t.test('the timer looks by itself, and not after close', async (t) => {
  const path = join(t.testdir({}), 'geo.mmdb')
  writeFileSync(path, table(LONDON))
  const swapped = Promise.withResolvers<GeoReload>()
  const source = await GeoSource.open({ path, reloadInterval: 5, onReload: swapped.resolve })
  writeFileSync(`${path}.new`, table(TOKYO))
  renameSync(`${path}.new`, path)
  // The timer does not keep a process alive; the test has to.
  const alive = setInterval(() => {}, 1000)
  const report = await swapped.promise
  clearInterval(alive)
  t.strictSame(report, { ok: true, path })
  source.close()
  const last = source.database
  // The look that just reported is still coming to its end.
  await source.check()
  writeFileSync(path, table(LONDON, '-third one'))
  await source.check()
  t.equal(source.database, last)
})

t.test('nothing usable to begin with is an error', async (t) => {
  const path = join(t.testdir({}), 'none.mmdb')
  await t.rejects(GeoSource.open({ path, reloadInterval: 0, onReload: () => {} }), { code: 'geo_unreadable' })
})

t.test('null is the bundled table', async (t) => {
  const source = await GeoSource.open({ path: null, reloadInterval: 2 ** 40, onReload: () => {} })
  t.teardown(() => source.close())
  t.equal(source.path, BUNDLED_DATABASE)
  t.equal(source.database.type, 'polycdn-geo')
})
