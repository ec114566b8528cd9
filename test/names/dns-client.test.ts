import t, { type Test } from 'tap'
import { DnsClient } from '../../src/names/dns-client.ts'
import { type DnsScript, nameServer, reply, truncated, txt } from './support/name-server.ts'

const NAME = '_dnslink.example.com'
const SERVFAIL = 2
const NXDOMAIN = 3
const SOA = { mname: 'a', rname: 'b', minimum: 40 }
const unproved = (message: RegExp) => ({ name: 'ProofError', fault: 'unproved', message })

async function setUp(t: Test, ...scripts: DnsScript[]) {
  const servers = await Promise.all(scripts.map(nameServer))
  t.teardown(() => Promise.all(servers.map((server) => server.close())))
  const addresses = servers.map(({ address }) => address)
  const client = new DnsClient({ servers: () => addresses, timeouts: [2000] })
  const asked = () => servers.map((server) => server.asked.map(({ transport }) => transport))
  return { client, asked, servers, addresses }
}

t.test('strings of a record belong together, and the least TTL counts', async (t) => {
  const { client, servers } = await setUp(t, (asked) => [
    reply(asked, [
      txt(NAME, ['dns', 'link=/x'], 90),
      txt('_DNSLINK.Example.com', 'other', 60),
      txt('elsewhere', 'x', 1),
    ]),
  ])
  t.same(await client.txt(NAME), { kind: 'answer', texts: ['dnslink=/x', 'other'], ttl: 60 })
  await client.txt(NAME)
  await client.txt(NAME)
  t.match(servers[0]!.asked[0]!.question, { name: NAME, type: 'TXT', class: 'IN' })
  t.ok(new Set(servers[0]!.asked.map(({ id }) => id)).size > 1, 'ids differ')
})

t.test('aliases are followed as far as the answer goes', async (t) => {
  const chain = (name: string, data: string, ttl: number) => ({ type: 'CNAME' as const, name, data, ttl })
  const { client } = await setUp(t, (asked) =>
    asked.question.name === NAME
      ? [
          reply(asked, [
            chain(NAME, 'a.net', 500),
            chain('a.net', 'B.net', 20),
            txt('b.net', 'found'),
            txt('c.net', 'no'),
          ]),
        ]
      : [reply(asked, [chain('loop', 'loop2', 9), chain('loop2', 'loop', 9), txt('a.net', 'no')])],
  )
  t.match(await client.txt(NAME), { texts: ['found'], ttl: 20 })
  t.match(await client.txt('loop'), { texts: [] })
})

t.test('what is not there is an answer, for as long as its zone says', async (t) => {
  const authorities = [{ type: 'SOA' as const, name: 'example.com', ttl: 900, data: SOA }]
  const { client, asked } = await setUp(t, (asked) => {
    const zone = asked.question.name === NAME ? { authorities } : {}
    return [reply(asked, [], { flags: asked.question.name === 'empty.net' ? 0 : NXDOMAIN, ...zone })]
  })
  t.match(await client.txt(NAME), { texts: [], ttl: 40 })
  t.match(await client.txt('gone.net'), { texts: [], ttl: 60 })
  t.match(await client.txt('empty.net'), { texts: [], ttl: 60 })
  t.same(asked(), [['udp', 'udp', 'udp']])
})

t.test('a long answer comes by TCP', async (t) => {
  const long = Array.from({ length: 150 }, (_, at) => txt(NAME, ['v'.repeat(200), `=${at}`]))
  const { client, asked } = await setUp(t, (asked) =>
    asked.transport === 'udp'
      ? [truncated(asked)]
      : [reply(asked, [txt(NAME, Array(20).fill('x'.repeat(250))), ...long])],
  )
  const { texts } = await client.txt(NAME)
  t.ok(texts.length > 90 && texts.length <= 100, 'records are bounded')
  t.ok(
    texts.every((text) => text.startsWith('v')),
    'and so is each of them',
  )
  t.same(asked(), [['udp', 'tcp']])
})

t.test('what answers another question is passed over, and the true answer is waited for', async (t) => {
  const { client } = await setUp(t, (asked) => {
    const lie = [txt(NAME, 'lie')]
    const other = { ...asked, question: { ...asked.question, name: 'other.net' } }
    return [
      Buffer.from('nonsense'),
      reply({ ...asked, id: asked.id ^ 1 }, lie),
      reply(other, lie),
      reply({ ...asked, question: { ...asked.question, type: 'A' } }, lie),
      reply(asked, lie, { questions: [] }),
      { ...reply(asked, lie), type: 'query' },
      reply(asked, [txt(NAME, 'truth')]),
    ]
  })
  t.match(await client.txt(NAME), { texts: ['truth'] })
})

t.test('the next server is asked where one fails, guesses, or nobody listens', async (t) => {
  const closed = await nameServer(() => [])
  await closed.close()
  const { addresses, asked } = await setUp(
    t,
    (asked) => [reply(asked, [], { flags: SERVFAIL })],
    (asked) =>
      asked.transport === 'udp' ? Array.from({ length: 64 }, () => reply({ ...asked, id: asked.id ^ 7 }, [])) : [],
    (asked) => (asked.transport === 'udp' ? [truncated(asked)] : [reply({ ...asked, id: asked.id ^ 1 }, [])]),
    (asked) => [reply(asked, [txt(NAME, 'found')])],
  )
  const [fails, guesses, short, good] = addresses as [string, string, string, string]
  const ask = (...servers: string[]) => new DnsClient({ servers: () => servers, timeouts: [3000] }).txt(NAME)
  t.match(await ask(fails, guesses, good), { texts: ['found'] })
  t.match(await ask(closed.address, short, good), { texts: ['found'] })
  t.same(asked(), [['udp'], ['udp'], ['udp', 'tcp'], ['udp', 'udp']])
  await t.rejects(ask(fails), unproved(/code 2/))
  await t.rejects(ask(), unproved(/there is none/))
  await t.rejects(ask(fails, fails, fails, good), unproved(/code 2/), 'three are asked')
})

t.test('silence ends, by UDP and by TCP', async (t) => {
  const { addresses, asked } = await setUp(t, (asked) => {
    return asked.transport === 'udp' && asked.question.name === NAME ? [truncated(asked)] : []
  })
  const client = new DnsClient({ servers: () => addresses, timeouts: [20, 30] })
  await t.rejects(client.txt('silent.net'), unproved(/timed out/))
  await t.rejects(client.txt(NAME), unproved(/timed out/))
  t.equal(asked()[0]!.filter((transport) => transport === 'udp').length, 4, 'in two rounds')
})
