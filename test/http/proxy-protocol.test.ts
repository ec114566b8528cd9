import t from 'tap'
import { parseProxyHeader } from '../../src/http/proxy-protocol.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { seededRandom } from '../helpers/random.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { doorTo } from './support/door.ts'
import { listener, networkSet } from './support/services.ts'

const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

function v2(command: number, family: number, addresses: readonly number[], tlvs = 0): Buffer {
  const size = Buffer.alloc(2)
  size.writeUInt16BE(addresses.length + tlvs)
  return Buffer.concat([V2, Buffer.from([command, family]), size, Buffer.from(addresses), Buffer.alloc(tlvs, 4)])
}

const IPV4 = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x34, 0x01, 0xbb]
const IPV6 = [...Buffer.from('20010db8000000000000000000000001', 'hex'), ...Buffer.alloc(16, 9), 1, 2, 3, 4]

const GOOD: readonly (readonly [header: string | Buffer, source: string | null])[] = [
  ['PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n', '192.0.2.1'],
  ['PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n', '2001:db8::1'],
  ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255'],
  ['PROXY UNKNOWN\r\n', null],
  ['PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', null],
  [v2(0x21, 0x11, IPV4), '192.0.2.1'],
  [v2(0x21, 0x21, IPV6), '2001:db8::1'],
  [v2(0x21, 0x11, IPV4, 50), '192.0.2.1'],
  [v2(0x20, 0x00, []), null],
  [v2(0x20, 0x11, IPV4), null],
  [v2(0x21, 0x31, Array(216).fill(0)), null],
]

const BAD: readonly (string | Buffer)[] = [
  'GET / HTTP/1.1\r\n',
  'proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n',
  'PROXY TCP4 192.0.2.999 198.51.100.1 1 2\r\n',
  'PROXY TCP4 ::1 ::2 1 2\r\n',
  'PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n',
  'PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n',
  `PROXY UNKNOWN ${'x'.repeat(120)}\r\n`,
  `PROXY TCP4 ${'1'.repeat(200)}`,
  v2(0x11, 0x11, IPV4),
  v2(0x22, 0x11, IPV4),
  v2(0x21, 0x11, IPV4.slice(1)),
  v2(0x21, 0x21, IPV4),
  v2(0x21, 0x41, IPV4),
  v2(0x21, 0x13, IPV4),
  v2(0x21, 0x11, IPV4, 4000),
]

t.test('headers that are right, whole and in every piece', async (t) => {
  for (const [header, source] of GOOD) {
    const bytes = Buffer.from(header)
    const found = parseProxyHeader(Buffer.concat([bytes, Buffer.from('GET /')]))
    t.match(found, { kind: 'header', length: bytes.length }, String(header))
    t.equal(found.kind === 'header' ? (found.source?.text ?? null) : undefined, source)
    for (let end = 0; end < bytes.length; end++) t.equal(parseProxyHeader(bytes.subarray(0, end)).kind, 'incomplete')
  }
})

t.test('headers that are wrong', async (t) => {
  for (const header of BAD) t.equal(parseProxyHeader(Buffer.from(header)).kind, 'invalid', String(header))
})

t.test('whatever comes is judged, and after enough bytes for good', async (t) => {
  const random = seededRandom(7)
  for (let round = 0; round < 3000; round++) {
    const [header] = GOOD[Math.floor(random() * GOOD.length)]!
    const bytes = Buffer.concat([Buffer.from(header), Buffer.alloc(3000)])
    for (let flips = 0; flips < 3; flips++) bytes[Math.floor(random() * 30)] = Math.floor(random() * 256)
    const found = parseProxyHeader(bytes)
    if (found.kind === 'incomplete' || (found.kind === 'header' && found.length > bytes.length))
      t.fail(bytes.toString('hex'))
  }
})

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nPolycdn-Debug: 1\r\n\r\n'
const DEBUG = { clients: networkSet(['0.0.0.0/0', '::/0']), token: null }
const LISTEN = [listener({ proxyProtocol: true })]

t.test('a trusted proxy names the client, who is believed no further', async (t) => {
  const over = { listen: LISTEN, trustedProxies: networkSet(['127.0.0.0/8']), debug: DEBUG }
  const door = await doorTo(t, answer(), { over })
  for (const [header, source] of GOOD) {
    const client = await rawClient(t, door)
    const bytes = Buffer.concat([
      Buffer.from(header),
      Buffer.from(REQUEST.replace('\r\n\r\n', '\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n')),
    ])
    // In two pieces, of which the first ends in the header.
    client.send(bytes.subarray(0, 9))
    client.send(bytes.subarray(9))
    const [got] = await client.responses(1)
    t.equal(got?.status, 200)
    const decision = JSON.parse(got!.fields.find(([name]) => name.toLowerCase() === 'polycdn-decision')![1])
    t.equal(decision.client, source ?? '8.8.8.8', 'without a name it is the proxy itself, which is believed')
  }
})

t.test('nobody else, and nothing without a header', async (t) => {
  const trusting = await doorTo(t, answer(), { over: { listen: LISTEN, trustedProxies: networkSet(['127.0.0.0/8']) } })
  for (const bytes of [REQUEST, ...BAD.slice(1, 6)]) {
    const client = await rawClient(t, trusting)
    client.send(Buffer.from(bytes))
    await client.ended()
    t.equal(client.text, '')
  }
  const strict = await doorTo(t, answer(), { over: { listen: LISTEN } })
  const client = await rawClient(t, strict)
  client.send(`PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n${REQUEST}`)
  await client.ended()
  t.equal(client.text, '')
  t.equal(trusting.upstream.requests.length + strict.upstream.requests.length, 0)
})

t.test('a header that does not come ends the connection; limits count whom it names', async (t) => {
  const over = { listen: LISTEN, trustedProxies: networkSet(['127.0.0.0/8']) }
  const impatient = await doorTo(t, answer(), { over, limits: { headerTimeout: 150 } })
  const silent = await rawClient(t, impatient)
  await silent.send('PROXY TCP4 192').ended()
  const door = await doorTo(t, answer(), { over, limits: { connectionsPerAddress: 1 } })
  const named = async (address: string) => {
    const client = await rawClient(t, door)
    return client.send(`PROXY TCP4 ${address} 198.51.100.1 1 2\r\n${REQUEST}`)
  }
  const first = await named('192.0.2.1')
  await first.responses(1)
  const second = await named('192.0.2.1')
  await second.ended()
  t.equal(second.text, '')
  t.equal((await (await named('192.0.2.2')).responses(1)).length, 1)
})
