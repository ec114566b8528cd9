import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { contentsOf, type OpenedDisk, openDisk, readFrom, source } from './support/disk.ts'
import { makeHead } from './support/entry.ts'
import { fillDisk } from './support/full-disk.ts'

const SIZE = 50_000
const bytesOf = (name: string) => Buffer.alloc(SIZE, `${name}, `)
const headOf = (key: string) => makeHead({ key, size: SIZE })

const put = ({ disk }: OpenedDisk, key: string) => disk.put(headOf(key), source(bytesOf(key)))

const isThere = async ({ disk }: OpenedDisk, key: string) => (await readFrom(disk, key)) === bytesOf(key).toString()

/** A disk with one answer, and the connection that its index is written over. */
async function openWithConnection(t: Test): Promise<{ opened: OpenedDisk; connection: DatabaseSync }> {
  const { exec } = DatabaseSync.prototype
  const connections: DatabaseSync[] = []
  DatabaseSync.prototype.exec = function (sql) {
    connections.push(this)
    return exec.call(this, sql)
  }
  const opened = await openDisk(t)
  DatabaseSync.prototype.exec = exec
  t.ok(await put(opened, 'one'))
  return { opened, connection: connections[0]! }
}

t.test('an index that cannot be written now costs what would have been stored, and nothing else', async (t) => {
  for (const [name, begin, end] of [
    ['read-only', 'PRAGMA query_only = 1', 'PRAGMA query_only = 0'],
    ['full', 'PRAGMA max_page_count = 1', 'PRAGMA max_page_count = 1000000'],
  ] as const) {
    const { opened, connection } = await openWithConnection(t)
    const { disk, folder, problems, clock } = opened
    connection.exec(begin)
    for (let at = 0; at < 40; at++) {
      const small = makeHead({ key: `${at}`, size: 15_000 })
      await disk.put(small, source(Buffer.alloc(15_000, `${at}`)))
    }
    t.notOk(await disk.put(makeHead({ key: 'more', size: 15_000 }), source(Buffer.alloc(15_000))), name)
    t.equal(await readFrom(disk, 'more'), 'uri-miss')
    t.ok(problems.length > 0 && problems.every((problem) => problem === 'unwritable'), `${problems}`)
    clock.now += 100_000
    t.ok(await isThere(opened, 'one'), 'what is there can be used')
    disk.update(headOf('one'), { ...headOf('one'), confirmedAt: 7 })
    disk.remove(headOf('two'))
    disk.delete('three')
    await disk.sweep()
    connection.exec(end)
    t.ok(await put(opened, 'again'))
    t.ok(await isThere(opened, 'again'))
    t.ok(await isThere(opened, 'one'))
    t.notOk(existsSync(join(folder, 'v1.2')), 'no reason to begin anew')
  }
})

t.test('a disk with no room for files stores none, and keeps what is there', async (t) => {
  const opened = await openDisk(t, undefined, { maxBytes: 20 * SIZE })
  const { disk, folder, problems } = opened
  for (let at = 0; at < 10; at++) t.ok(await put(opened, `${at}`))
  const { bytes } = disk.usage
  const makeRoom = fillDisk(t, folder)
  for (let at = 100; at < 150; at++) {
    t.notOk(await put(opened, `${at}`))
    await disk.sweep()
  }
  makeRoom()
  t.strictSame([...new Set(problems)], ['unwritable'])
  t.equal(problems.length, 50, 'each is counted')
  for (let at = 0; at < 10; at++) t.ok(await isThere(opened, `${at}`), 'nothing went for what is not there')
  t.equal(disk.usage.bytes, bytes)
  t.equal(contentsOf(folder).length, 10)
  t.strictSame(globSync(join(folder, '*/content/tmp/*')), [], 'what was begun is gone')
  t.ok(await put(opened, '100'))
  t.ok(await isThere(opened, '100'))
})
