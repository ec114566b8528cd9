import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { ContentFiles } from '../../src/cache/content-files.ts'
import { digestOf } from '../../src/cache/disk.ts'
import { until } from '../helpers/wait.ts'
import { contentsOf, openDisk, readFrom, source } from './support/disk.ts'
import { makeHead } from './support/entry.ts'

const SIZE = 50_000
const bytesOf = (name: string) => Buffer.alloc(SIZE, `${name}, `)
const headOf = (key: string) => makeHead({ key, size: SIZE })

t.test('files that no row names are removed after a start, and no others', async (t) => {
  const before = await openDisk(t)
  for (let at = 0; at < 100; at++) await before.disk.put(headOf(`${at}`), source(bytesOf(`${at}`)))
  await before.disk.close()
  // As a power failure leaves it that took the end of the log.
  const database = new DatabaseSync(join(before.folder, 'v1.1/index.db'))
  database.exec(
    `DELETE FROM files WHERE digest IN (SELECT digest FROM pieces WHERE entry > 20); DELETE FROM entries WHERE id > 20`,
  )
  database.close()
  t.equal(contentsOf(before.folder).length, 100)

  const { disk, folder, problems } = await openDisk(t, before.folder)
  let isThere = () => {}
  const writing = disk.put(
    headOf('slow'),
    (async function* () {
      yield Buffer.alloc(2 ** 20, 'slow')
      yield Buffer.alloc(SIZE - 1, 'slow')
      await new Promise<void>((resolve) => (isThere = resolve))
      yield Buffer.from('w')
    })(),
  )
  await until(() => contentsOf(folder).length === 101, { what: 'a piece of what is being written' })
  await disk.tend()
  await until(() => contentsOf(folder).length === 21, { what: 'what is named, and what is being written' })
  isThere()
  t.ok(await writing)
  t.equal((await readFrom(disk, 'slow')).length, SIZE)
  for (let at = 0; at < 20; at++) t.equal(await readFrom(disk, `${at}`), bytesOf(`${at}`).toString())
  t.equal(disk.usage.bytes > 20 * SIZE, true)
  await disk.sweep()
  t.equal(contentsOf(folder).length, 22)
  t.strictSame(problems, [])
})

t.test('all files of an index that was lost are removed, in steps', async (t) => {
  const folder = t.testdir({})
  const files = new ContentFiles(join(folder, 'v1.1/content'))
  for (let at = 0; at < 150; at++) await files.write(digestOf(bytesOf(`${at}`)), bytesOf(`${at}`))
  t.equal(contentsOf(folder).length, 150)
  const { disk, problems } = await openDisk(t, folder)
  await disk.tend()
  await until(() => contentsOf(folder).length === 0)
  await until(() => disk.usage.bytes === 0)
  t.strictSame(problems, [])
})
