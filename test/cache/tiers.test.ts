import t, { type Test } from 'tap'
import { Body } from '../../src/cache/body.ts'
import { DiskTier } from '../../src/cache/disk.ts'
import { MemoryTier } from '../../src/cache/memory.ts'
import { Purges } from '../../src/cache/purges.ts'
import { timeToLive } from '../../src/cache/rules/freshness.ts'
import { type Found, Tiers } from '../../src/cache/tiers.ts'
import { bodyOf, makeHead, textOf } from './support/entry.ts'
import { NOW } from './support/table.ts'

async function make(t: Test, withDisk = true, folder = t.testdir({})) {
  const options = {
    folder,
    maxBytes: 1e8,
    isFirst: true,
    now: () => NOW,
    onProblem: (problem: string) => t.fail(problem),
  }
  const disk = withDisk ? (await DiskTier.open(options))! : null
  t.teardown(() => disk?.close())
  const memory = new MemoryTier({ maxBytes: 1e6 })
  return { tiers: new Tiers({ memory, disk, purges: new Purges(), maxInMemory: 1_000 }), memory, disk, folder }
}

const head = makeHead()
const ALL = { first: 0, last: 4 }

function found(tiers: Tiers): Found {
  return tiers.find(head.key, []) as Found
}

t.test('what is stored is in memory and on disk, and comes up again from there', async (t) => {
  const { tiers, memory } = await make(t)
  t.ok(await tiers.put(head, bodyOf('hello')))
  t.equal(found(tiers).tier, 'memory')
  t.strictSame(found(tiers).body!.slices(ALL).map(String), ['hello'])
  memory.delete(head.key)
  const below = found(tiers)
  t.equal(below.tier, 'disk')
  t.equal(below.body, null)
  t.equal(await textOf(below.read(ALL)), 'hello')
  await tiers.promote(below)
  t.equal(found(tiers).tier, 'memory')
  t.equal(await textOf(found(tiers).read({ first: 1, last: 2 })), 'el')
  tiers.delete(head.key)
  t.equal(tiers.find(head.key, []), 'uri-miss')
})

t.test('it is stored when its last byte has come, and not where that does not come', async (t) => {
  for (const withDisk of [true, false]) {
    const { tiers } = await make(t, withDisk)
    const body = new Body()
    const stored = tiers.put(head, body)
    body.append(Buffer.from('hel'))
    t.equal(tiers.find(head.key, []), 'uri-miss')
    body.append(Buffer.from('lo'))
    body.end()
    t.ok(await stored)
    t.equal(await textOf(found(tiers).read(ALL)), 'hello')
    const failing = new Body()
    const lost = tiers.put({ ...head, key: 'x' }, failing).catch(() => 'rejected')
    failing.fail(new Error('reset'))
    t.equal(await lost, false)
    t.equal(tiers.find('x', []), 'uri-miss')
  }
})

t.test('what is too large for memory is on disk only, or nowhere', async (t) => {
  const large = { ...head, size: 2_000 }
  const { tiers } = await make(t)
  t.ok(await tiers.put(large, bodyOf('x'.repeat(2_000))))
  t.equal(found(tiers).tier, 'disk')
  await tiers.promote(found(tiers))
  t.equal(found(tiers).tier, 'disk')
  const { tiers: without } = await make(t, false)
  t.notOk(await without.put(large, bodyOf('x'.repeat(2_000))))
  const over = new Body(3)
  const stored = without.put(head, over)
  over.append(Buffer.from('hello'))
  over.end()
  t.notOk(await stored)
})

t.test('purges count in both', async (t) => {
  const { tiers, memory } = await make(t)
  await tiers.put(head, bodyOf('hello'))
  const target = { kind: 'url', value: head.url } as const
  t.equal(timeToLive(found(tiers).freshness, NOW + 9_000), 51_000)
  tiers.purge({ site: 's', target, soft: true, at: NOW + 2_000 })
  t.equal(timeToLive(found(tiers).freshness, NOW + 9_000), -7_000, 'stale since the purge')
  tiers.update(head, { ...head, confirmedAt: NOW + 2_001 })
  t.equal(timeToLive(found(tiers).freshness, NOW + 9_000), 51_000, 'it was confirmed since then')
  memory.delete(head.key)
  t.equal(timeToLive(found(tiers).freshness, NOW + 9_000), 51_000, 'on disk too')
  tiers.purge({ site: 's', target, soft: false, at: NOW + 2_001 })
  t.equal(tiers.find(head.key, []), 'uri-miss')
})

t.test('one answer can be taken out of both', async (t) => {
  const { tiers, memory } = await make(t)
  await tiers.put(head, bodyOf('hello'))
  tiers.remove(head)
  t.equal(tiers.find(head.key, []), 'uri-miss')
  t.equal(memory.bytes, 0)
})
