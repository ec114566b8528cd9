import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { until } from '../helpers/wait.ts'
import { contentsOf, type OpenedDisk, openDisk, readFrom, source } from './support/disk.ts'
import { makeHead } from './support/entry.ts'

const ENTRIES = 200
const PAGE = 4096
/** Of the first volume. */
const INDEX = 'v1.1/index.db'

const textOf = (at: number) => `the content of ${at}, ${'x'.repeat(at * 2)}`
const headOf = (at: number) => makeHead({ key: `s\nhttps://h/${at}`, size: textOf(at).length })

async function fill({ disk }: OpenedDisk): Promise<void> {
  for (let at = 0; at < ENTRIES; at++) await disk.put(headOf(at), source(textOf(at)))
  await disk.put(makeHead({ key: 'file', size: 50_000 }), source(Buffer.alloc(50_000, 'x')))
}

/** How many are there; throws where one is not what was written. */
async function lookAtAll({ disk }: OpenedDisk): Promise<number> {
  let there = 0
  for (let at = 0; at < ENTRIES; at++) {
    const read = await readFrom(disk, headOf(at).key)
    if (read === textOf(at)) there++
    else if (read !== 'uri-miss' && read !== 'damaged') throw new Error(`${at}: ${read}`)
  }
  return there
}

async function worksAnew(t: Test, opened: OpenedDisk): Promise<void> {
  t.ok(await opened.disk.put(headOf(7), source(textOf(7))))
  t.equal(await readFrom(opened.disk, headOf(7).key), textOf(7))
}

function overwrite(path: string, from: number, to: number): void {
  const bytes = readFileSync(path)
  bytes.fill(0xa5, from, Math.min(to, bytes.length))
  writeFileSync(path, bytes)
}

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

/** The number of a page, from 1 on. */
function rootOf(path: string, name: string): number {
  const database = new DatabaseSync(path)
  const row = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)
  database.close()
  return row!.rootpage as number
}

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'no database at all': (path) => writeFileSync(path, 'no database at all'.repeat(5_000)),
  'a header of nothing': (path) => overwrite(path, 0, 100),
  'its first page': (path) => overwrite(path, 100, PAGE),
  'pages in the middle': (path) => overwrite(path, PAGE * 9, PAGE * 30),
  'a page that few ask for': (path) => {
    const at = PAGE * (rootOf(path, 'pieces_digest') - 1)
    overwrite(path, at, at + PAGE)
  },
  'half of it': (path) => truncateSync(path, Math.floor(statSync(path).size / 2 / PAGE) * PAGE),
  'not even whole pages': (path) => truncateSync(path, Math.floor(statSync(path).size * 0.7) + 17),
  'of another version': (path) => execute(path, 'PRAGMA user_version = 99'),
  'a table is missing': (path) => execute(path, 'DROP TABLE pieces'),
  'a row is missing': (path) => execute(path, 'DELETE FROM totals'),
  'it is said to be small': (path) => execute(path, 'UPDATE totals SET bytes = 1'),
  'it is said to be larger than numbers are': (path) => execute(path, 'UPDATE totals SET bytes = 9e18'),
}

t.test('a damaged index is found when a gateway starts, and it starts with nothing', async (t) => {
  for (const [name, damage] of Object.entries(DAMAGES)) {
    await t.test(name, async (t) => {
      const before = await openDisk(t)
      await fill(before)
      await before.disk.close()
      damage(join(before.folder, INDEX))

      const started = await openDisk(t, before.folder)
      await started.disk.tend()
      await until(() => started.problems.length > 0, { what: 'it is found, also on a slow machine' })
      t.equal(await lookAtAll(started), 0)
      t.strictSame(started.problems, ['damaged'], 'which is said once')
      await until(() => !existsSync(join(before.folder, 'v1.1')), { what: 'what it named is gone' })
      await worksAnew(t, started)
      await started.disk.close()

      const next = await openDisk(t, before.folder)
      await next.disk.tend()
      t.equal(await readFrom(next.disk, headOf(7).key), textOf(7))
      t.strictSame(next.problems, [])
    })
  }
})

t.test('an index that is whole stays', async (t) => {
  const before = await openDisk(t)
  await fill(before)
  before.disk.delete('file')
  await before.disk.close()
  const started = await openDisk(t, before.folder)
  await started.disk.tend()
  t.equal(await lookAtAll(started), ENTRIES)
  t.strictSame(started.problems, [])
})

t.test(
  'an index that is damaged while processes use it: one begins anew, the others find what it has begun',
  async (t) => {
    const one = await openDisk(t)
    await fill(one)
    const others = await Promise.all([1, 2].map(() => openDisk(t, one.folder, { isFirst: false })))
    const all = [one, ...others]
    for (const each of all) t.equal(await lookAtAll(each), ENTRIES)
    const path = join(one.folder, INDEX)
    // What is in the log is not damaged by this.
    execute(path, 'UPDATE entries SET used = 1; PRAGMA wal_checkpoint(TRUNCATE)')
    overwrite(path, PAGE, Number.POSITIVE_INFINITY)
    forgetPages(path)

    await lookAtAll(others[0]!)
    t.strictSame(others[0]!.problems, ['damaged'])
    await worksAnew(t, others[0]!)
    t.ok((await lookAtAll(one)) <= 1, 'who meets the damage too goes over at once')
    for (const each of all) each.clock.now += 1_000
    for (const each of all) {
      t.equal(await readFrom(each.disk, headOf(7).key), textOf(7), 'all have the new one, within a second')
    }
    await others[1]!.disk.put(headOf(8), source(textOf(8)))
    t.equal(await readFrom(one.disk, headOf(8).key), textOf(8))
    t.strictSame([...one.problems, ...others[1]!.problems], [], 'which is no problem')
    await until(() => readdirSync(one.folder).join() === 'v1.2', { what: 'the old one is gone' })
    t.strictSame(contentsOf(one.folder), [])
  },
)

t.test('who meets the damage last finds the newest, however many were begun meanwhile', async (t) => {
  const one = await openDisk(t)
  const last = await openDisk(t, one.folder, { isFirst: false })
  for (const number of [1, 2]) {
    execute(join(one.folder, `v1.${number}/index.db`), 'DROP TABLE pieces')
    t.notOk(await one.disk.put(headOf(1), source(textOf(1))))
    one.clock.now += 10_000
  }
  t.ok(await one.disk.put(headOf(1), source(textOf(1))))
  t.notOk(await last.disk.put(headOf(2), source(textOf(2))))
  t.equal(await readFrom(last.disk, headOf(1).key), textOf(1))
  t.strictSame(last.problems, [])
})

t.test('a disk that damages all that is written to it does not keep anybody busy', async (t) => {
  const opened = await openDisk(t)
  const { disk, folder, problems, clock } = opened
  const newest = () => Math.max(...readdirSync(folder).map((name) => Number(name.slice('v1.'.length))))
  for (let tries = 0; tries < 5; tries++) {
    execute(join(folder, `v1.${newest()}`, 'index.db'), 'DROP TABLE IF EXISTS pieces')
    t.notOk(await disk.put(headOf(1), source(textOf(1))))
    t.equal(await readFrom(disk, headOf(1).key), 'uri-miss')
    clock.now += 1_000
  }
  t.equal(newest(), 2, 'it was begun anew once')
  t.equal(problems.filter((problem) => problem === 'damaged').length, 1)
  t.ok(problems.includes('unusable'))
  clock.now += 10_000
  await worksAnew(t, opened)
  t.equal(newest(), 3)
})

t.test('a folder that is emptied under processes is used again, by all the same', async (t) => {
  for (const remove of ['', 'v1.1', INDEX]) {
    const one = await openDisk(t)
    await fill(one)
    const other = await openDisk(t, one.folder, { isFirst: false })
    t.equal(await lookAtAll(other), ENTRIES)
    rmSync(join(one.folder, remove), { recursive: true })
    // Before a second has passed nobody has to know.
    await one.disk.put(headOf(1), source(textOf(1)))
    for (let second = 0; second < 3; second++) {
      for (const { clock, disk } of [one, other]) {
        clock.now += 1_000
        disk.find('x', [])
      }
    }
    await one.disk.put(headOf(1), source(textOf(1)))
    await other.disk.put(headOf(2), source(textOf(2)))
    t.equal(await readFrom(other.disk, headOf(1).key), textOf(1), `without ${remove}`)
    t.equal(await readFrom(one.disk, headOf(2).key), textOf(2))
    t.strictSame([...one.problems, ...other.problems], [])
  }
})

/** Another process writes: what others remember of the pages does not count any more. */
function forgetPages(path: string): void {
  try {
    execute(path, "INSERT INTO files VALUES ('sha256-x', 1, 0)")
  } catch {
    // It may meet the damage, too.
  }
}
