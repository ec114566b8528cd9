import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { Claims } from '../../src/cache/claims.ts'

const LIFE = 2_000

/** Processes that share a folder, and a clock. */
function machine(t: Test, maxClaims = 100) {
  const folder = join(t.testdir({}), 'cache')
  const clock = { now: 1_000 }
  const problems: unknown[] = []
  const options = { folder, maxClaims, now: () => clock.now, onProblem: (error: unknown) => problems.push(error) }
  const open = async (owner: string) => {
    const claims = (await Claims.open({ ...options, owner }))!
    t.teardown(() => claims.close())
    return claims
  }
  return { folder, clock, problems, options, open }
}

t.test('one process has a key until it releases it', async (t) => {
  const { open, problems } = machine(t)
  const [a, b] = [await open('a'), await open('b')]
  t.equal(b.look('key').kind, 'free')
  t.equal(a.claim('key').kind, 'ours')
  t.equal(b.claim('key').kind, 'theirs')
  t.equal(b.look('key').kind, 'theirs')
  t.equal(b.claim('another').kind, 'ours', 'another key is another claim')
  b.release('key')
  t.equal(b.look('key').kind, 'theirs', 'who has not claimed it releases nothing')
  a.release('key')
  t.equal(b.look('key').kind, 'free')
  t.equal(b.claim('key').kind, 'ours')
  t.strictSame(problems, [])
})

t.test('the claim of a process that died, or takes too long, lapses', async (t) => {
  const { open, clock } = machine(t)
  const [a, b, c] = [await open('a'), await open('b'), await open('c')]
  a.claim('key')
  clock.now += LIFE - 1
  t.equal(b.claim('key').kind, 'theirs', 'whoever finds it claimed does not make it last longer')
  clock.now += 1
  t.equal(b.look('key').kind, 'lapsed')
  t.equal(b.claim('key').kind, 'ours')
  t.equal(c.claim('key').kind, 'theirs')
  a.release('key')
  t.equal(c.look('key').kind, 'theirs', 'who comes back takes nothing away')
})

t.test('what is not for others is known to all for a while, and is no claim', async (t) => {
  const { open, clock } = machine(t)
  const [a, b] = [await open('a'), await open('b')]
  a.claim('key')
  a.mark('key', clock.now + 30_000)
  t.strictSame(b.claim('key'), { kind: 'unshared', until: clock.now + 30_000 })
  a.release('key')
  clock.now += 29_999
  t.equal(b.look('key').kind, 'unshared')
  clock.now += 1
  t.equal(b.claim('key').kind, 'ours')
  b.mark('key', clock.now + 30_000)
  a.unmark('key')
  t.equal(b.look('key').kind, 'free')
  a.claim('key')
  b.unmark('key')
  t.equal(b.look('key').kind, 'theirs', 'a claim is no marker')
})

t.test('a process that ends releases all', async (t) => {
  const { open } = machine(t)
  const [a, b] = [await open('a'), await open('b')]
  a.claim('key')
  b.claim('another')
  a.close()
  t.equal(b.look('key').kind, 'free')
  t.equal(b.claim('another').kind, 'ours')
  t.equal(a.claim('key').kind, 'free', 'who has ended asks without a claim')
})

t.test('the table has a bound: what has ended goes first, then what ends next', async (t) => {
  const { folder, open, clock } = machine(t, 10)
  const [a, b] = [await open('a'), await open('b')]
  const reader = new DatabaseSync(join(folder, 'claims.db'))
  t.teardown(() => reader.close())
  const count = () => reader.prepare('SELECT count(*) AS n FROM claims').get()!.n
  for (let i = 0; i < 5; i++) b.claim(`old ${i}`)
  clock.now += LIFE
  for (let i = 0; i < 5; i++) b.mark(`marked ${i}`, clock.now + 30_000)
  for (let i = 0; i < 1_000; i++) a.claim(`key ${i}`)
  t.equal(count(), 11, 'as many as may be, and the one that was claimed after that')
  t.equal(b.look('old 0').kind, 'free')
  t.equal(b.look('marked 0').kind, 'unshared')
})

t.test('what cannot be opened is told, and begun anew when nobody has it open', async (t) => {
  const { folder, open, options, problems } = machine(t)
  ;(await open('a')).close()
  await Claims.clear(folder)
  writeFileSync(join(folder, 'claims.db'), 'this is no database, and never was one'.repeat(100))
  t.equal(await Claims.open({ ...options, owner: 'a' }), null)
  t.equal(problems.length, 1)
  await Claims.clear(folder)
  t.equal((await open('a')).claim('key').kind, 'ours')
  t.equal(problems.length, 1)
})

t.test('without an answer everybody asks, and it is told once', async (t) => {
  const { folder, open, problems } = machine(t)
  const a = await open('a')
  const other = new DatabaseSync(join(folder, 'claims.db'))
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  t.equal(a.claim('key').kind, 'free', 'another one is writing all the time')
  a.release('key')
  other.exec('ROLLBACK')
  other.exec('DROP TABLE claims')
  t.equal(a.look('key').kind, 'free')
  t.equal(problems.length, 1)
})
