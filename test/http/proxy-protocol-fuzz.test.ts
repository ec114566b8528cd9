import { connect } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import t from 'tap'
import { CA, certificate } from '../helpers/certificates.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { seededRandom } from '../helpers/random.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until, within } from '../helpers/wait.ts'
import { doorTo } from './support/door.ts'
import { listener, networkSet } from './support/services.ts'

const SEED = 20_261_126
const TRUSTED = networkSet(['127.0.0.0/8'])
const REQUEST = 'GET /whole HTTP/1.1\r\nHost: a\r\n\r\n'
const V1 = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n')
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c6336401123401bb', 'hex')
/** RFC 9113 sections 3.4 and 4.1: the preface, no settings, and GET / of http://a as stream 1. */
const HTTP2 = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('000000040000000000', 'hex'),
  Buffer.from('000006010500000001828684010161', 'hex'),
])
const TLS = { certificates: [certificate('localhost')], acme: false }

t.test('a header that comes in two pieces, cut anywhere, and HTTP/1 or HTTP/2 behind it', async (t) => {
  const over = { listen: [listener({ proxyProtocol: true, h2c: true })], trustedProxies: TRUSTED }
  const door = await doorTo(t, answer(200, 'fine'), { over })
  let sent = 0
  for (const header of [V1, V2]) {
    for (const next of [Buffer.from(REQUEST), HTTP2]) {
      const bytes = Buffer.concat([header, next])
      const cuts = Array.from({ length: header.length + 30 }, (_, at) => at + 1).filter((at) => at < bytes.length)
      sent += cuts.length
      await Promise.all(
        cuts.map(async (at) => {
          const client = await rawClient(t, door)
          client.send(bytes.subarray(0, at))
          await new Promise(setImmediate)
          client.send(bytes.subarray(at))
          await client.received('fine')
          client.close()
        }),
      )
    }
  }
  t.equal(door.upstream.requests.length, sent)
})

t.test('a header that comes in two pieces, cut anywhere, and TLS behind it', async (t) => {
  const over = { listen: [listener({ proxyProtocol: true, tls: TLS })], trustedProxies: TRUSTED }
  const door = await doorTo(t, answer(200, 'fine'), { over })
  let sent = 0
  for (const header of [V1, V2]) {
    for (let at = 1; at <= header.length; at += 5) {
      const { socket } = await rawClient(t, door)
      socket.removeAllListeners('data').pause()
      socket.write(header.subarray(0, at))
      await new Promise(setImmediate)
      socket.write(header.subarray(at))
      const secure = connectSecurely({ socket, servername: 'localhost', ca: CA })
      let text = ''
      secure.on('data', (chunk: Buffer) => {
        text += chunk
      })
      secure.write(REQUEST)
      await until(() => text.endsWith('fine'), { what: `an answer after a header cut at ${at}` })
      secure.destroy()
      sent++
    }
  }
  t.equal(door.upstream.requests.length, sent)
})

t.test('damaged headers: each connection ends, and only whole requests get through', async (t) => {
  const over = { listen: [listener({ proxyProtocol: true, h2c: true })], trustedProxies: TRUSTED }
  const limits = { headerTimeout: 300, idleTimeout: 200, connectionsPerAddress: 10_000 }
  const door = await doorTo(t, answer(200, 'fine'), { over, limits })
  const random = seededRandom(SEED)
  const below = (limit: number) => Math.floor(random() * limit)
  const converse = async (bytes: Buffer, at: number) => {
    const ended = new Promise<void>((resolve) => {
      const socket = connect({ port: door.port, host: '127.0.0.1', noDelay: true })
      socket.on('error', () => {}).on('close', () => resolve())
      socket.resume().write(bytes.subarray(0, at))
      setImmediate(() => socket.write(bytes.subarray(at)))
    })
    await within(ended, `the end of ${bytes.toString('hex')}, seed ${SEED}`, 20_000)
  }
  for (let round = 0; round < 2; round++) {
    const damaged = Array.from({ length: 300 }, () => {
      const header = Buffer.from([V1, V2][below(2)]!)
      for (let left = below(4); left > 0; left--) header[below(header.length)] = below(256)
      const kept = random() < 0.7 ? header : header.subarray(0, below(header.length))
      const again = random() < 0.1 ? V1 : Buffer.alloc(0)
      return Buffer.concat([kept, again, random() < 0.8 ? Buffer.from(REQUEST) : HTTP2])
    })
    await Promise.all(damaged.map((bytes) => converse(bytes, below(bytes.length))))
  }
  await until(() => door.listeners.connections === 0, { what: `the end of all connections, seed ${SEED}` })
  const odd = door.upstream.requests.filter(({ method, target }) => method !== 'GET' || !/^\/(whole)?$/.test(target))
  t.same(odd, [], `seed ${SEED}`)
  t.ok(door.upstream.requests.length > 30, `${door.upstream.requests.length} got through`)
  t.same(door.services.errors, [])
})
