import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LEASE, Lock } from '../../src/acme/lock.ts'
import { tempDir } from '../helpers/scope.ts'

t.test('one has the lock, the other gets it when it is given back or not renewed for a lease', async (t) => {
  const path = join(tempDir(t, 'lock'), 'lock')
  let now = 0
  const lockOf = (owner: string) => new Lock({ path, owner, now: () => now })
  const [first, second, third] = [lockOf('first'), lockOf('second'), lockOf('third')]
  t.equal(await first.acquire(), true)
  t.equal(await second.acquire(), false)
  await first.release()
  t.equal(await second.acquire(), true)

  now += 10 * LEASE
  t.equal(await first.acquire(), false, 'how old it is by another clock does not matter')
  now += LEASE - 1
  t.equal(await second.renew(), true)
  t.equal(await first.acquire(), false, 'it was renewed')
  now += LEASE
  const taken = await Promise.all([first.acquire(), third.acquire()])
  t.same(taken, [true, false], 'taken over by who has watched it for long enough')
  t.equal(await second.renew(), false, 'the former holder learns that it is none')
  await second.release()
  t.ok(existsSync(path), 'and leaves the lock of the other alone')
  await first.release()
  t.notOk(existsSync(path))
})

t.test('a lock file without contents, or with foreign ones, is taken over as well', async (t) => {
  const path = join(tempDir(t, 'lock'), 'lock')
  let now = 0
  const lock = new Lock({ path, owner: 'me', now: () => now })
  for (const contents of ['', 'what is this']) {
    writeFileSync(path, contents)
    t.equal(await lock.acquire(), false)
    now += LEASE
    t.equal(await lock.acquire(), true)
    await lock.release()
  }
  writeFileSync(path, '')
  t.equal(await lock.acquire(), false)
  rmSync(path)
  t.equal(await lock.acquire(), true, 'gone meanwhile')
})
