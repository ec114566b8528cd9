import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../../src/state/make-folder.ts'

t.test('a folder, those above it, and again', async (t) => {
  const folder = join(t.testdir(), 'a/b/c')
  await Promise.all([makeFolder(folder), makeFolder(folder), makeFolder(join(folder, 'd'))])
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.ok(statSync(join(folder, 'd')).isDirectory())
})

t.test('many who make the same at once', async (t) => {
  const folder = t.testdir()
  for (let round = 0; round < 50; round++) {
    const path = join(folder, `${round}/a/b/c`)
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)))
    t.ok(statSync(path).isDirectory())
  }
})

t.test('what cannot be is said, and waited for by nobody', async (t) => {
  const folder = t.testdir()
  writeFileSync(join(folder, 'file'), '')
  await t.rejects(makeFolder(join(folder, 'file')), { code: 'EEXIST' })
  await t.rejects(makeFolder(join(folder, 'file/below')), { code: 'ENOTDIR' })
  if (process.platform === 'linux') await t.rejects(makeFolder('/proc/nowhere/below'), { code: 'ENOENT' })
})
