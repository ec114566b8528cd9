import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type FileWatcher, type WatchOptions, watchFiles } from '../../src/config/watch.ts'

/** Waits for a condition; a watcher that never tells fails by the test's own timeout message. */
async function until(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 2000; tries++) {
    if (condition()) return true
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return false
}

interface Watched {
  readonly changes: () => number
  readonly watcher: FileWatcher
}

function start(t: Test, files: readonly string[], options: WatchOptions = {}): Watched {
  let changes = 0
  const watcher = watchFiles(files, () => changes++, { settle: 5, poll: 60_000, ...options })
  t.teardown(() => watcher.close())
  return { changes: () => changes, watcher }
}

/** Changes a file until the watcher has told: its first look at the file may still be to come. */
async function changeUntilTold({ changes }: Watched, change: (round: number) => void): Promise<boolean> {
  const before = changes()
  let round = 0
  return until(() => {
    if (changes() > before) return true
    if (round % 20 === 0) change(round)
    round++
    return false
  })
}

t.test('a file that is written in place', async (t) => {
  const file = join(t.testdir({ 'c.yaml': 'a' }), 'c.yaml')
  const watched = start(t, [file])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(file, `b${round}`)))
})

t.test('a file is taken for empty only at a second look: who writes in place empties it first', async (t) => {
  const file = join(t.testdir({ 'c.yaml': 'a' }), 'c.yaml')
  const settle = 50
  const watched = start(t, [file], { settle })
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(file, `b${round}`)))
  // Timers end in order: after this one no look is pending.
  await new Promise((resolve) => setTimeout(resolve, settle + 1))
  const before = watched.changes()
  const emptied = performance.now()
  truncateSync(file)
  t.ok(await until(() => watched.changes() > before), 'told in the end')
  t.ok(performance.now() - emptied > 2 * settle - 5, 'and not after one look')
})

t.test('a file that an editor replaces, twice', async (t) => {
  const folder = t.testdir({ 'c.yaml': 'a' })
  const file = join(folder, 'c.yaml')
  const watched = start(t, [file])
  const replace = (round: number) => {
    writeFileSync(join(folder, 'c.yaml~'), `${watched.changes()} ${round}`)
    renameSync(join(folder, 'c.yaml~'), file)
  }
  t.ok(await changeUntilTold(watched, replace))
  t.ok(await changeUntilTold(watched, replace))
})

t.test('a ConfigMap: the folder behind a symbolic link is swapped', async (t) => {
  const folder = t.testdir()
  const publish = (version: string) => {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'c.yaml'), version)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  publish('..v1')
  symlinkSync('..data/c.yaml', join(folder, 'c.yaml'))
  const watched = start(t, [join(folder, 'c.yaml')])
  t.ok(await changeUntilTold(watched, (round) => publish(`..w${round}`)))
  rmSync(join(folder, '..v1'), { recursive: true })
  t.ok(await changeUntilTold(watched, (round) => publish(`..x${round}`)))
})

t.test('a file behind a link into another folder', async (t) => {
  const folder = t.testdir({ real: { 'c.yaml': 'a' }, link: {} })
  symlinkSync('../real/c.yaml', join(folder, 'link', 'c.yaml'))
  const watched = start(t, [join(folder, 'link', 'c.yaml')])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(join(folder, 'real', 'c.yaml'), `b${round}`)))
})

t.test('equal contents are no change', async (t) => {
  const folder = t.testdir({ 'c.yaml': 'a', 'd.yaml': 'a' })
  const [file, other] = [join(folder, 'c.yaml'), join(folder, 'd.yaml')]
  const watched = start(t, [file])
  const busy = start(t, [other])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(file, `b${round}`)))
  const text = readFileSync(file)
  // What a watcher of the same folder is told in the meantime shows that there was time enough to be told.
  const rounds = async (touch: (round: number) => void) => {
    for (let round = 0; round < 5; round++) {
      touch(round)
      t.ok(await changeUntilTold(busy, (again) => writeFileSync(other, `${round} ${again}`)))
    }
  }
  await rounds(() => {})
  const told = watched.changes()
  await rounds((round) => {
    utimesSync(file, new Date(round), new Date(round))
    writeFileSync(file, text)
  })
  t.equal(watched.changes(), told)
})

t.test('a folder that was replaced is watched again', async (t) => {
  const folder = join(t.testdir({ inner: { 'c.yaml': 'a' } }), 'inner')
  const file = join(folder, 'c.yaml')
  const watched = start(t, [file])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(file, `b${round}`)))
  renameSync(folder, `${folder}-old`)
  mkdirSync(folder)
  writeFileSync(file, 'c')
  watched.watcher.watch([file])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(file, `d${round}`)))
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(file, `e${round}`)))
})

t.test('a change before the watcher looked for the first time', async (t) => {
  const file = join(t.testdir({ 'c.yaml': 'new' }), 'c.yaml')
  const watched = start(t, [file], { hashes: new Map([[file, 'the hash of what was loaded']]) })
  t.ok(await until(() => watched.changes() === 1))
})

t.test('a file that is not there yet, in a folder that is not there yet', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'later', 'c.yaml')
  const watched = start(t, [file], { poll: 5, hashes: new Map([[file, '']]) })
  mkdirSync(join(folder, 'later'))
  writeFileSync(file, 'a')
  t.ok(await until(() => watched.changes() === 1))
  rmSync(join(folder, 'later'), { recursive: true })
  t.ok(await until(() => watched.changes() === 2), 'gone')
  mkdirSync(join(folder, 'later'))
  writeFileSync(file, 'a')
  t.ok(await until(() => watched.changes() === 3), 'back')
})

t.test('other files from now on', async (t) => {
  const folder = t.testdir({ a: 'a', b: 'b' })
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  const watched = start(t, [a])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(a, `x${round}`)))
  watched.watcher.watch([b])
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(b, `y${round}`)))
  const told = watched.changes()
  writeFileSync(a, 'z')
  t.ok(await changeUntilTold(watched, (round) => writeFileSync(b, `z${round}`)))
  t.equal(watched.changes(), told + 1, 'a is not watched any more')
})

t.test('a closed watcher says nothing', async (t) => {
  const folder = t.testdir({ a: 'a' })
  const file = join(folder, 'a')
  const closed = start(t, [file])
  const open = start(t, [file])
  t.ok(await changeUntilTold(closed, (round) => writeFileSync(file, `x${round}`)))
  t.ok(await until(() => open.changes() > 0))
  closed.watcher.close()
  const told = closed.changes()
  t.ok(await changeUntilTold(open, (round) => writeFileSync(file, `y${round}`)))
  t.equal(closed.changes(), told)
})
