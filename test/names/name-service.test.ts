import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { CID, NOW, publisher } from '../providers/ipfs/support.ts'
import { gateway, ipnsRecord } from './support/gateways.ts'
import { refusal, setUp } from './support/service.ts'

const owner = await publisher()
const nobody = gateway('nobody', () => ({ status: 404 }))
const site = { kind: 'dnslink', name: 'example.com' } as const
const OTHER = 'bafkqablporugk4q'

t.test('a DNSLink leads to content, by its own name before the older one', async (t) => {
  const { names, asked } = setUp({
    '_dnslink.example.com': [
      'v=spf1',
      'dnslink=/swarm/x',
      'dnslink=/ipfs/none',
      `dnslink=/ipfs/${CID}/b`,
      `dnslink=/ipfs/${CID}/a`,
    ],
    'example.com': [`dnslink=/ipfs/${OTHER}`],
    'old.net': [`dnslink=/ipfs/${OTHER}`],
  })
  t.equal(await names.ipfs(site, nobody), `/ipfs/${CID}/a`, 'the first that is valid, by the alphabet')
  t.same(asked, ['_dnslink.example.com'])
  t.equal(await names.ipfs({ name: 'OLD.net' }, nobody), `/ipfs/${OTHER}`)
  t.same(nobody.asked, [])
})

t.test('a name server that fails changes nothing, and the absence of a name is remembered', async (t) => {
  const { names, asked, zone, clock, lookUps } = setUp({
    '_dnslink.example.com': null,
    'example.com': [`dnslink=/ipfs/${OTHER}`],
  })
  await t.rejects(names.ipfs(site, nobody), refusal('unproved'))
  t.same(asked, ['_dnslink.example.com'], 'the older name is not looked at')
  await t.rejects(names.ipfs({ name: 'gone.net' }, nobody), refusal('not-found'))
  await t.rejects(names.ipfs({ name: 'gone.net' }, nobody), refusal('not-found'))
  t.equal(asked.length, 3)
  zone['gone.net'] = [`dnslink=/ipfs/${CID}`]
  clock.now += 60_001
  t.equal(await names.ipfs({ name: 'gone.net' }, nobody), `/ipfs/${CID}`, 'and not for longer than it says')
  t.same(lookUps, ['dnslink unproved', 'dnslink absent', 'dnslink found'])
})

t.test('names lead through others, with their paths, not for ever and not in a circle', async (t) => {
  const { names, zone } = setUp({
    '_dnslink.example.com': [`dnslink=/ipns/${owner.name}/v1`],
    '_dnslink.b.net': ['dnslink=/ipns/a.net'],
    '_dnslink.a.net': ['dnslink=/ipns/b.net'],
  })
  const value = '/ipns/docs.net/x y'
  zone['_dnslink.docs.net'] = [`dnslink=/ipfs/${CID}/root`]
  const gate = gateway('gate', async () => ipnsRecord(await owner.record({ value })))
  t.equal(await names.ipfs(site, gate), `/ipfs/${CID}/root/x%20y/v1`)
  t.same(gate.asked, [`/ipns/${owner.name}?format=ipns-record`])
  await t.rejects(names.ipfs({ name: 'a.net' }, nobody), refusal('unproved', /itself/))
  for (let at = 1; at < 9; at++) zone[`_dnslink.n${at}.net`] = [`dnslink=/ipns/n${at + 1}.net`]
  zone['_dnslink.n8.net'] = [`dnslink=/ipfs/${CID}`]
  t.equal(await names.ipfs({ name: 'n1.net' }, nobody), `/ipfs/${CID}`)
  zone['_dnslink.n0.net'] = ['dnslink=/ipns/n1.net']
  await t.rejects(names.ipfs({ name: 'n0.net' }, nobody), refusal('unproved', /more than 8/))
})

t.test('what is no name is not looked up', async (t) => {
  const { names, asked } = setUp()
  for (const name of ['localhost', 'a..b', '%61.com', 'a.b/../c', 'k51nonsense', '']) {
    await t.rejects(names.ipfs({ name }, nobody), refusal('not-found'), name)
  }
  for (const name of ['', 'A', 'a/b', 'x'.repeat(70)]) {
    await t.rejects(names.arns(name, [nobody, nobody]), refusal('unproved'), name)
  }
  t.same([asked, nobody.asked], [[], []])
})

t.test('requests at the same time share one look-up; later ones are served while it is refreshed', async (t) => {
  const { names, asked, zone, clock, stale } = setUp({ '_dnslink.example.com': [`dnslink=/ipfs/${CID}`] })
  const ask = () => names.ipfs(site, nobody)
  const all = await Promise.all(Array.from({ length: 20 }, ask))
  t.same([new Set(all).size, asked.length], [1, 1])
  clock.now += 59_999
  await ask()
  t.equal(asked.length, 1, 'it is fresh')
  zone['_dnslink.example.com'] = [`dnslink=/ipfs/${OTHER}`]
  clock.now += 1
  t.same(await Promise.all([ask(), ask(), ask()]), Array(3).fill(`/ipfs/${CID}`), 'nobody waits')
  await setImmediate()
  t.same([await ask(), asked.length], [`/ipfs/${OTHER}`, 2])
  zone['_dnslink.example.com'] = null
  clock.now += 660_001
  t.equal(await ask(), `/ipfs/${OTHER}`, 'it stands in for name servers that fail')
  t.same([await ask(), asked.length], [`/ipfs/${OTHER}`, 3], 'which are not asked again at once')
  t.same(stale, ['example.com'])
  clock.now += 3_600_000
  await t.rejects(ask(), refusal('unproved'), 'but not for ever')
  zone['_dnslink.example.com'] = [`dnslink=/ipfs/${CID}`]
  clock.now = NOW - 86_400_000
  await ask()
  await setImmediate()
  t.equal(await ask(), `/ipfs/${CID}`, 'a clock that was set back makes nothing fresh')
})

t.test('a record that is older than one that was seen is refused, at any endpoint', async (t) => {
  const { names, clock } = setUp()
  const offers = { a: await owner.record({ sequence: 5, ttl: 60 }), b: await owner.record({ sequence: 4, ttl: 60 }) }
  const a = gateway('a', () => ipnsRecord(offers.a))
  const b = gateway('b', () => ipnsRecord(offers.b))
  const both = await Promise.allSettled([names.ipfs({ name: owner.name }, a), names.ipfs({ name: owner.peerId }, b)])
  t.same([a.asked.length, b.asked.length], [1, 1], 'one endpoint is not judged by what another says')
  t.equal(both[0].status, 'fulfilled')
  const known = both[1].status === 'fulfilled' ? both[1].value : null
  t.equal(known, `/ipfs/${CID}`, 'what is known stands in')
  t.equal(names.newest.get(owner.name)?.record.sequence, 5n)
  offers.b = await owner.record({ sequence: 5, value: `/ipfs/${OTHER}`, until: '2026-12-01T00:00:00Z' })
  clock.now += 700_000
  t.equal(
    await names.ipfs({ name: owner.name }, b),
    `/ipfs/${CID}`,
    'of two with one sequence that with the longer life',
  )
  offers.b = await owner.record({ sequence: 6, value: `/ipfs/${OTHER}` })
  clock.now += 2000
  t.equal(await names.ipfs({ name: owner.name }, b), `/ipfs/${OTHER}`)
  clock.now += 700_000
  t.equal(await names.ipfs({ name: owner.name }, a), `/ipfs/${OTHER}`)
})

t.test('the last record stands in until its validity ends, but whoever lies is told so', async (t) => {
  const { names, clock, lookUps } = setUp()
  const record = await owner.record({ until: '2026-11-10T13:00:00Z', ttl: 1 })
  const answers = [ipnsRecord(record), { status: 502 }, { status: 200, type: 'text/html' }]
  const gate = gateway('gate', () => answers.shift() ?? ipnsRecord(Buffer.concat([record, Buffer.from('x')])))
  const ask = () => names.ipfs({ name: owner.name }, gate)
  await ask()
  clock.now += 9_999
  await ask()
  t.equal(gate.asked.length, 1, 'for ten seconds at least')
  clock.now += 700_000
  await ask()
  clock.now += 1000
  await ask()
  t.equal(gate.asked.length, 3)
  clock.now += 1000
  await t.rejects(ask(), refusal('corrupt'))
  clock.now = Date.parse('2026-11-10T13:00:01Z')
  answers.push(ipnsRecord(record))
  await t.rejects(ask(), refusal('outdated'))
  t.same([lookUps[0], lookUps.slice(-2)], ['ipns found', ['ipns corrupt', 'ipns outdated']])
})

t.test('a look-up that went with another request is begun again', async (t) => {
  const { names } = setUp()
  const record = await owner.record()
  let first = true
  const gate = gateway('gate', async () => {
    await setImmediate()
    if (!first) return ipnsRecord(record)
    first = false
    throw Object.assign(new Error('client gone'), { code: 'client_gone' })
  })
  const ask = () => names.ipfs({ name: owner.name }, gate)
  const [gone, ...others] = await Promise.allSettled([ask(), ask(), ask()])
  t.equal(gone!.status, 'rejected')
  t.same(
    others.map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  )
  t.equal(gate.asked.length, 2)
})

t.test('no more than so many are looked up at once', async (t) => {
  const { names } = setUp()
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const gates = Array.from({ length: 257 }, (_, at) => gateway(`gate${at}`, () => gate.then(() => ({ status: 404 }))))
  const all = gates.map((one) => names.ipfs({ name: owner.name }, one).catch((error: Error) => error.message))
  t.match(await all.at(-1), /too many/)
  open()
  t.match(await all[0], /no IPNS record/)
})
