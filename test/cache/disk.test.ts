import { globSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type DiskEntry, DiskTier } from '../../src/cache/disk.ts'
import { DiskIndex } from '../../src/cache/disk-index.ts'
import { PIECE } from '../../src/cache/rules/pieces.ts'
import { contentsOf, openDisk, source } from './support/disk.ts'
import { makeHead, textOf } from './support/entry.ts'
import { fields, NOW } from './support/table.ts'

const MIB = 2 ** 20

const { key } = makeHead()
const ALL = { first: 0, last: 4 }

async function read(disk: DiskTier, request = '', part = ALL): Promise<string> {
  const found = disk.find(key, fields(request))
  return typeof found === 'string' ? found : textOf(found.read(part))
}

t.test('what was written is there, for other processes and after a restart', async (t) => {
  const { disk, folder, problems } = await openDisk(t)
  t.equal(await read(disk), 'uri-miss')
  t.ok(await disk.put(makeHead(), source('he', 'llo')))
  t.equal(await read(disk), 'hello')
  const other = await openDisk(t, folder, { isFirst: false })
  t.equal(await read(other.disk, '', { first: 1, last: 3 }), 'ell')
  await disk.close()
  const again = await openDisk(t, folder)
  t.equal(await read(again.disk), 'hello')
  t.strictSame((again.disk.find(key, []) as DiskEntry).head, makeHead())
  t.strictSame([...problems, ...again.problems], [])
})

t.test('variants, newer fields, and what is taken out', async (t) => {
  const { disk } = await openDisk(t)
  const vary = 'Cache-Control: max-age=60 | Vary: Foo'
  const one = makeHead({}, vary, 'Foo: 1')
  await disk.put(one, source('first'))
  await disk.put(makeHead({}, vary, 'Foo: 2'), source('other'))
  await disk.put(one, source('newer'))
  t.equal(await read(disk, 'Foo: 1'), 'newer')
  t.equal(await read(disk, 'Foo: 2'), 'other')
  t.equal(await read(disk), 'vary-miss')
  disk.update(one, { ...one, confirmedAt: NOW + 9 })
  t.equal((disk.find(key, fields('Foo: 1')) as DiskEntry).head.confirmedAt, NOW + 9)
  t.equal(await read(disk, 'Foo: 1'), 'newer')
  disk.remove(one)
  t.equal(await read(disk, 'Foo: 1'), 'vary-miss')
  disk.delete(key)
  t.equal(await read(disk, 'Foo: 2'), 'uri-miss')
  t.equal(disk.usage.bytes, 0)
})

t.test('what does not come to its end is not there', async (t) => {
  const { disk, problems } = await openDisk(t)
  t.notOk(await disk.put(makeHead(), source(Buffer.alloc(PIECE + 9), new Error('reset'))))
  t.equal(await read(disk), 'uri-miss')
  await disk.sweep()
  t.equal(disk.usage.bytes, 0, 'nothing of it is left')
  t.strictSame(problems, [], 'which is no problem of the disk')
})

t.test('large ones lie in pieces, equal pieces once, and ranges read only theirs', async (t) => {
  const { disk, folder } = await openDisk(t)
  const bytes = Buffer.alloc(2 * PIECE + 100_000)
  bytes.write('edge', PIECE - 2)
  const head = makeHead({ size: bytes.length })
  await disk.put(head, source(bytes.subarray(0, 700_000), bytes.subarray(700_000)))
  await disk.put({ ...head, key: 'x\nhttps://x/', site: 'x' }, source(bytes))
  t.equal(contentsOf(folder).length, 3, 'two objects, three files')
  t.equal(await read(disk, '', { first: PIECE - 2, last: PIECE + 1 }), 'edge')
  rmSync(contentsOf(folder).find((path) => readFileSync(path).length === 100_000)!)
  t.equal(await read(disk, '', { first: PIECE - 2, last: PIECE + 1 }), 'edge', 'the last piece is not needed')
  const found = disk.find(key, []) as DiskEntry
  await t.rejects(textOf(found.read({ first: 0, last: bytes.length - 1 })))
  t.equal(await read(disk), 'uri-miss', 'what is not whole is gone')
})

t.test('a part has its place, and nothing else is read from it', async (t) => {
  const { disk } = await openDisk(t)
  await disk.put(makeHead({ size: 10, parts: [{ first: 4, last: 8 }] }), source('45678'), 4)
  t.equal(await read(disk, '', { first: 5, last: 7 }), '567')
  await t.rejects(read(disk, '', { first: 3, last: 5 }), { message: /damaged/ })
})

t.test('damaged bytes are never served: in files and in the table', async (t) => {
  for (const damage of ['truncate', 'flip'] as const) {
    const { disk, folder } = await openDisk(t)
    await disk.put(makeHead({ size: 50_000 }), source(Buffer.alloc(50_000, 'x')))
    const [path] = contentsOf(folder)
    if (damage === 'truncate') truncateSync(path!, 49_999)
    else writeFileSync(path!, Buffer.alloc(50_000, 'y'))
    await t.rejects(read(disk, '', { first: 0, last: 49_999 }), damage)
    t.equal(await read(disk), 'uri-miss')
    await disk.put(makeHead({ size: 50_000 }), source(Buffer.alloc(50_000, 'x')))
    t.equal(await read(disk, '', { first: 0, last: 49_999 }), 'x'.repeat(50_000), 'and are written again')
  }
  const { disk, folder } = await openDisk(t)
  await disk.put(makeHead(), source('hello'))
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(join(folder, 'v1.1/index.db'))
  database.exec("UPDATE pieces SET data = CAST('jello' AS BLOB)")
  database.close()
  await t.rejects(read(disk), { message: /damaged/ })
  t.equal(await read(disk), 'uri-miss')
})

t.test('an index that is none is thrown away, a folder that cannot be is said', async (t) => {
  const text = 'no database at all, but long enough to look like one'.repeat(100)
  const folder = t.testdir({ 'v1.1': { 'index.db': text }, file: '' })
  const { disk, problems } = await openDisk(t, folder)
  t.strictSame(problems, ['damaged'])
  t.ok(await disk.put(makeHead(), source('hello')))
  t.equal(await read(disk), 'hello')
  const nowhere: string[] = []
  const options = { folder: join(folder, 'file', 'x'), maxBytes: MIB, isFirst: true, now: () => NOW }
  t.equal(await DiskTier.open({ ...options, onProblem: (problem) => nowhere.push(problem) }), null)
  t.ok(nowhere.includes('unusable'))
})

t.test('what was not used for longest goes when there is no more room', async (t) => {
  const { disk, folder, clock } = await openDisk(t, undefined, { maxBytes: 40 * 50_000 })
  const nth = (at: number) => makeHead({ key: `${at}`, size: 50_000 })
  for (let at = 0; at < 39; at++) {
    clock.now += 1_000
    await disk.put(nth(at), source(Buffer.alloc(50_000, `${at}`)))
  }
  clock.now += 100_000
  t.type(disk.find('0', []), 'object', 'is used')
  for (let at = 39; at < 120; at++) {
    clock.now += 1_000
    await disk.put(nth(at), source(Buffer.alloc(50_000, `${at}`)))
    if (at === 60) await disk.sweep()
  }
  await disk.sweep()
  t.ok(disk.usage.bytes <= 40 * 50_000, `${disk.usage.bytes}`)
  t.ok(contentsOf(folder).length <= 40, `${contentsOf(folder).length} files`)
  t.ok(disk.usage.entries >= 35, `no more than has to: ${disk.usage.entries} are left`)
  t.equal(disk.find('1', []), 'uri-miss')
  t.equal(
    globSync('v1.1/content/index-v5/**/*', { cwd: folder, withFileTypes: true }).filter((one) => one.isFile()).length,
    contentsOf(folder).length,
  )
})

t.test('what comes faster than room is made is not stored', async (t) => {
  const maxBytes = 4 * MIB
  const { disk, problems } = await openDisk(t, undefined, { maxBytes })
  let most = 0
  const put = async (at: number) => {
    await disk.put(makeHead({ key: `${at}`, size: PIECE }), source(Buffer.alloc(PIECE, `${at}`)))
    most = Math.max(most, disk.usage.bytes)
  }
  await Promise.all(Array.from({ length: 12 }, (_, at) => put(at)))
  t.ok(most <= maxBytes * 1.05, `${most} bytes`)
  await disk.sweep()
  t.ok(disk.usage.entries > 0)
  await put(99)
  t.type(disk.find('99', []), 'object', 'there is room again')
  t.strictSame(problems, [])
})

t.test('what a killed process was removing is removed by the next one', async (t) => {
  const { disk, folder } = await openDisk(t)
  await disk.put(makeHead({ size: 50_000 }), source(Buffer.alloc(50_000)))
  disk.delete(key)
  t.equal((await indexIn(t, folder)).orphans(NOW, 10).length, 1)
  await disk.close()
  const next = await openDisk(t, folder)
  t.equal(contentsOf(folder).length, 1)
  await next.disk.sweep()
  t.strictSame(contentsOf(folder), [])
  t.equal(next.disk.usage.bytes, 0)
})

t.test('what is asked for while it is being removed is there, or is missed', async (t) => {
  const { disk, folder } = await openDisk(t)
  await disk.put(makeHead({ size: 50_000 }), source(Buffer.alloc(50_000)))
  disk.delete(key)
  const index = await indexIn(t, folder)
  const [digest] = index.orphans(NOW, 10)
  await disk.put(makeHead({ size: 50_000 }), source(Buffer.alloc(50_000)))
  index.forget(digest!)
  await disk.sweep()
  t.equal((await read(disk, '', { first: 0, last: 49_999 })).length, 50_000)
})

/** As another process has it. */
async function indexIn(t: Test, folder: string): Promise<DiskIndex> {
  const { DatabaseSync } = await import('node:sqlite')
  const index = new DiskIndex(new DatabaseSync(join(folder, 'v1.1/index.db')), () => t.fail('damaged'))
  t.teardown(() => index.close())
  return index
}
