import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import type { DiskEntry } from '../../src/cache/disk.ts'
import { openDisk, readFrom, source } from './support/disk.ts'
import { makeHead, textOf } from './support/entry.ts'

const headOf = (key: string) => makeHead({ key, size: 5 })

/** Two answers in a disk, of which rows are changed in a way that SQLite has nothing against. */
async function changed(t: Test, sql: string) {
  const opened = await openDisk(t)
  await opened.disk.put(headOf('one'), source('first'))
  await opened.disk.put(headOf('two'), source('other'))
  const database = new DatabaseSync(join(opened.folder, 'v1.1/index.db'))
  t.ok(Number(database.prepare(sql).run().changes) > 0, sql)
  database.close()
  return opened
}

const HEADS = {
  'another field': `UPDATE entries SET head = replace(head, 'max-age=60', 'max-age=61') WHERE key = 'one'`,
  'another status': `UPDATE entries SET head = replace(head, '"status":200', '"status":404') WHERE key = 'one'`,
  'no JSON': `UPDATE entries SET head = substr(head, 5) WHERE key = 'one'`,
  'no text': `UPDATE entries SET head = zeroblob(20) WHERE key = 'one'`,
  'the seal': `UPDATE entries SET seal = 'x' WHERE key = 'one'`,
  'the head of another, as it was sealed': `UPDATE entries SET (head, nonce, seal) =
    (SELECT head, nonce, seal FROM entries WHERE key = 'two') WHERE key = 'one'`,
}

t.test('a head that is not what was written is missed, and gone', async (t) => {
  for (const [name, sql] of Object.entries(HEADS)) {
    const { disk, problems } = await changed(t, sql)
    t.equal(disk.find('one', []), 'uri-miss', name)
    t.equal(disk.usage.entries, 1, 'the row is gone')
    t.strictSame(problems, ['entry-damaged'], name)
    t.equal(await readFrom(disk, 'two'), 'other', 'the others are there')
    t.ok(await disk.put(headOf('one'), source('again')))
    t.equal(await readFrom(disk, 'one'), 'again')
  }
})

const PIECES = {
  'the bytes of another': `UPDATE pieces SET (digest, data) = (SELECT digest, data FROM pieces WHERE entry = 2) WHERE entry = 1`,
  'another as it was sealed': `UPDATE pieces SET (digest, seal, data) =
    (SELECT digest, seal, data FROM pieces WHERE entry = 2) WHERE entry = 1`,
  'their place': 'UPDATE pieces SET at = 1 WHERE entry = 1',
  'no bytes': 'UPDATE pieces SET data = NULL WHERE entry = 1',
}

t.test('a content that is not of its head is not read', async (t) => {
  for (const [name, sql] of Object.entries(PIECES)) {
    const { disk, problems } = await changed(t, sql)
    t.equal(await readFrom(disk, 'one'), 'damaged', name)
    t.equal(await readFrom(disk, 'one'), 'uri-miss', 'it is gone')
    t.strictSame(problems, ['entry-damaged'], name)
  }
})

t.test('what was found before another took its place is not read out of that', async (t) => {
  const { disk } = await openDisk(t)
  await disk.put(headOf('one'), source('first'))
  const found = disk.find('one', []) as DiskEntry
  // It gets the number in the table that the other had.
  disk.delete('one')
  await disk.put(headOf('one'), source('newer'))
  await t.rejects(textOf(found.read({ first: 0, last: 4 })), { message: /damaged/ })
  t.equal(await readFrom(disk, 'one'), 'newer', 'which stays')
})
