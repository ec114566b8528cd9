import t, { type Test } from 'tap'
import { Claims } from '../../src/cache/claims.ts'
import { type Look, type Turn, Turns } from '../../src/cache/turns.ts'
import { ScriptedClock } from '../helpers/scripted-clock.ts'

type Stored = { readonly body: string }

/** What is on the disk that all processes share. */
interface Disk {
  found: ReturnType<Look<Stored>>
  looks: number
}

async function processes(t: Test, ...owners: string[]) {
  const clock = new ScriptedClock()
  const disk: Disk = { found: 'uri-miss', looks: 0 }
  const unshared: string[] = []
  const look = () => {
    disk.looks++
    return disk.found
  }
  const times = { now: () => clock.now(), after: (ms: number, expire: () => void) => clock.after(ms, expire) }
  const folder = t.testdir({})
  const start = async (owner: string) => {
    const options = { folder, owner, maxClaims: 5_000, now: times.now, onProblem: (error: unknown) => t.fail(`${error}`) }
    const claims = (await Claims.open(options))!
    const onUnshared = (key: string) => unshared.push(`${owner} ${key}`)
    const turns = new Turns({ claims, onUnshared, ...times })
    t.teardown(() => turns.close())
    return turns
  }
  const all: Turns[] = []
  for (const owner of owners) all.push(await start(owner))
  const wait = (turns: Turns, key = 'key') => turns.take(key, look) as Turn<Stored>
  return { clock, disk, unshared, look, all, wait }
}

t.test('one process asks; the others get what it stored', async (t) => {
  const { clock, disk, look, all, wait } = await processes(t, 'a', 'b', 'c')
  const [a, b, c] = all as [Turns, Turns, Turns]
  t.equal(a.take('key', look), 'ask')
  const waiting = [wait(b), wait(c)]
  clock.advance(5)
  t.equal(disk.looks, 0, 'nobody reads the disk for what is not there yet')
  disk.found = { body: 'hello' }
  a.release('key')
  clock.advance(10)
  for (const { over } of waiting) t.strictSame(await over, { body: 'hello' })
  t.strictSame(clock.pauses, [], 'no timer is left')
})

t.test('looks become rare, and end: who waits too long asks too', async (t) => {
  const { clock, all, look, wait } = await processes(t, 'a', 'b', 'c')
  const [a, b, c] = all as [Turns, Turns, Turns]
  a.take('key', look)
  clock.advance(1_990)
  const { over } = wait(b)
  clock.advance(5)
  clock.advance(5)
  t.equal(c.take('key', look), 'ask', 'another one takes what has lapsed, and is slow too')
  const pauses: number[] = []
  for (let next = clock.pauses[0]; next !== undefined; next = clock.pauses[0]) {
    pauses.push(next)
    clock.advance(next)
  }
  t.strictSame(pauses.slice(0, 5), [5, 20, 40, 50, 50])
  t.equal(await over, 'ask')
  t.equal(clock.now(), 3_990)
})

t.test('the process that asked died: one of the others is the next', async (t) => {
  const { clock, disk, all, look, wait } = await processes(t, 'dead', 'b', 'c')
  const [dead, b, c] = all as [Turns, Turns, Turns]
  dead.take('key', look)
  clock.advance(1_000)
  const [second, third] = [wait(b), wait(c)]
  clock.advance(1_000)
  t.equal(await second.over, 'ask')
  clock.advance(50)
  disk.found = { body: 'hello' }
  b.release('key')
  clock.advance(50)
  t.strictSame(await third.over, { body: 'hello' })
})

t.test('what is not for others: nobody queues for it, also who comes later', async (t) => {
  const { clock, disk, unshared, all, look, wait } = await processes(t, 'a', 'b', 'c')
  const [a, b, c] = all as [Turns, Turns, Turns]
  a.take('key', look)
  const { over } = wait(b)
  a.mark('key', clock.now() + 30_000)
  a.release('key')
  clock.advance(5)
  t.equal(await over, 'alone')
  t.equal(c.take('key', look), 'alone')
  t.strictSame(unshared, ['b key', 'c key'])
  t.equal(disk.looks, 0)
  a.unmark('key')
  t.equal(c.take('key', look), 'ask')
})

t.test('who failed lets all others ask at once, not one behind the other', async (t) => {
  const { clock, all, look, wait } = await processes(t, 'a', 'b', 'c')
  const [a, b, c] = all as [Turns, Turns, Turns]
  a.take('key', look)
  const waiting = [wait(b), wait(c)]
  a.release('key')
  clock.advance(5)
  t.strictSame(await Promise.all(waiting.map(({ over }) => over)), ['ask', 'ask'])
})

t.test('another variant came: one of those who want theirs asks for it', async (t) => {
  const { clock, disk, all, look, wait } = await processes(t, 'a', 'b', 'c')
  const [a, b, c] = all as [Turns, Turns, Turns]
  a.take('key', look)
  const [second, third] = [wait(b), wait(c)]
  disk.found = 'vary-miss'
  a.release('key')
  clock.advance(5)
  t.equal(await second.over, 'ask')
  disk.found = { body: 'bonjour' }
  b.release('key')
  clock.advance(10)
  t.strictSame(await third.over, { body: 'bonjour' })
})

t.test('nobody wants it any more', async (t) => {
  const { clock, all, look, wait } = await processes(t, 'a', 'b')
  all[0]!.take('key', look)
  const turn = wait(all[1]!)
  turn.leave()
  turn.leave()
  t.equal(await turn.over, 'ask')
  t.strictSame(clock.pauses, [])
})

t.test('no process waits for more than a thousand keys', async (t) => {
  const { all, look, wait } = await processes(t, 'a', 'b')
  const [a, b] = all as [Turns, Turns]
  const keys = Array.from({ length: 1_001 }, (_, at) => `key ${at}`)
  for (const key of keys) a.take(key, look)
  const turns = keys.slice(0, 1_000).map((key) => wait(b, key))
  t.equal(b.take(keys[1_000]!, look), 'ask')
  turns[0]!.leave()
  t.not(b.take(keys[1_000]!, look), 'ask')
})
