import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RecordStore } from '../../src/names/record-store.ts'
import { verifyIpnsRecord } from '../../src/providers/ipfs/ipns.ts'
import { parseIpnsName } from '../../src/providers/ipfs/ipns-name.ts'
import { ScriptedClock } from '../helpers/scripted-clock.ts'
import { CID, NOW, publisher } from '../providers/ipfs/support.ts'
import { gateway, ipnsRecord } from './support/gateways.ts'
import { refusal, setUp } from './support/service.ts'

const owner = await publisher()
const other = await publisher()

function process(folder: string) {
  const { names, clock } = setUp()
  const timers = new ScriptedClock()
  const problems: string[] = []
  const store = new RecordStore({
    folder,
    newest: names.newest,
    recollect: (name, known) => names.recollect(name, known),
    timers,
    onProblem: (event) => problems.push(event),
  })
  const learn = async (who: typeof owner, sequence: number) => {
    const bytes = await who.record({ sequence })
    names.newest.admit(who.name, { bytes, record: verifyIpnsRecord(parseIpnsName(who.name)!, bytes, NOW) })
  }
  const sequence = (who: typeof owner) => names.newest.get(who.name)?.record.sequence
  return { names, clock, store, timers, problems, learn, sequence, path: join(folder, 'names.json') }
}

t.test('what was seen survives a restart: an older record is refused, and the last one stands in', async (t) => {
  const folder = join(t.testdir(), 'made')
  const before = process(folder)
  await before.store.load()
  before.store.start()
  await before.learn(owner, 9)
  await before.store.close()
  t.same(readdirSync(folder), ['names.json'])
  t.equal(statSync(before.path).mode & 0o077, 0)
  const after = process(folder)
  await after.store.load()
  const old = await owner.record({ sequence: 8, value: '/ipfs/bafkqabtgn5xwi4i' })
  const replays = gateway('replays', () => ipnsRecord(old))
  t.equal(await after.names.ipfs({ name: owner.name }, replays), `/ipfs/${CID}`)
  t.equal(replays.asked.length, 1, 'it is looked up first')
  after.clock.now = Date.parse('2027-01-01T00:00:01Z')
  await t.rejects(after.names.ipfs({ name: owner.name }, replays), refusal('outdated'), 'its validity has ended')
  t.same(after.problems, [])
})

t.test('several processes share the file, and each has the newest in the end', async (t) => {
  const folder = t.testdir()
  const [a, b] = [process(folder), process(folder)]
  await a.learn(owner, 3)
  await b.learn(owner, 5)
  await b.learn(other, 1)
  for (const one of [a, b, a]) {
    one.store.start()
    one.timers.advance(30_000)
    await one.store.close(false)
  }
  t.same([a.sequence(owner), a.sequence(other), b.sequence(owner)], [5n, 1n, 5n])
  const { mtimeNs } = statSync(a.path, { bigint: true })
  await a.store.close()
  t.equal(statSync(a.path, { bigint: true }).mtimeNs, mtimeNs, 'and nothing is written where nothing is new')
})

t.test('what is damaged or forged costs itself, and what cannot be written costs a line', async (t) => {
  const folder = t.testdir()
  const one = process(folder)
  const good = (await owner.record({ sequence: 4 })).toString('base64')
  const forged = (await owner.record({ sequence: 99 })).toString('base64')
  writeFileSync(
    one.path,
    JSON.stringify({ version: 1, ipns: { [owner.name]: good, [other.name]: forged, x: 'y', z: 1 } }),
  )
  await one.store.load()
  t.same([one.sequence(owner), one.names.newest.entries().length, one.problems], [4n, 1, []])
  for (const text of ['', '[]', 'null', '{"version":2,"ipns":{}}', '{"version":1}', 'x'.repeat(100)]) {
    const next = process(folder)
    writeFileSync(next.path, text)
    await next.store.load()
    t.same(next.problems, ['names-state-unreadable'], text.slice(0, 20))
  }
  await one.store.close()
  t.match(readFileSync(one.path, 'utf8'), good, 'it is written anew')
  const blocked = process(join(folder, 'names.json', 'x'))
  await blocked.learn(owner, 1)
  blocked.store.start()
  for (let at = 0; at < 3; at++) blocked.timers.advance(30_000)
  await blocked.store.close()
  t.same(blocked.problems, ['names-state-unwritable'])
  const empty = process(join(folder, 'none'))
  await empty.store.load()
  await empty.store.close()
  t.equal(existsSync(empty.path), false)
  mkdirSync(join(folder, 'd', 'names.json'), { recursive: true })
  const odd = process(join(folder, 'd'))
  await odd.store.load()
  t.same(odd.problems, ['names-state-unreadable'])
})
