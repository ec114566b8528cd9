import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import type { Cdn } from '../../src/config/snapshot.ts'
import { Attempt } from '../../src/delivery/attempt.ts'
import { connectOptions } from '../../src/delivery/connect-options.ts'
import type { Transport } from '../../src/delivery/transport.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { makeCdn } from '../steering/support/build.ts'
import { surroundingsOf } from './support/names.ts'
import { dialling, makeRequest, makeTimers, makeTransport, PATIENT, Recorder } from './support/parts.ts'

const UNTRUSTED = { allowPrivate: false }
const CLOSING = answer(200, 'ok', { connection: 'close' })

async function outcome(t: Test, transport: Transport, endpoint: ReturnType<typeof dialling>) {
  const recorder = new Recorder()
  transport.dispatch(endpoint, makeRequest(), new Attempt(endpoint, PATIENT, makeTimers(t), recorder))
  return recorder.finished()
}

/** Listens on another address of loopback, and counts who comes. */
async function inside(t: Test, port: number) {
  const seen = { connections: 0 }
  const server = createServer((socket) => {
    seen.connections++
    socket.destroy()
  })
  server.listen(port, '127.0.0.2')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return seen
}

t.test('a name that leads outside first and inside later is refused when it is dialled', async (t) => {
  const upstream = await scriptedUpstream(t, CLOSING)
  const secret = await inside(t, upstream.port)
  const names = new Map([['edge.test', ['127.0.0.1']]])
  const transport = makeTransport(t, [], undefined, surroundingsOf(names))
  const endpoint = dialling('a', `http://edge.test:${upstream.port}`, UNTRUSTED)
  t.equal(await outcome(t, transport, endpoint), 'end')
  names.set('edge.test', ['127.0.0.2'])
  t.equal(await outcome(t, transport, endpoint), 'destination_ip_prohibited')
  names.set('edge.test', ['127.0.0.2', '::1'])
  t.equal(await outcome(t, transport, endpoint), 'destination_ip_prohibited')
  names.set('edge.test', ['127.0.0.1'])
  t.equal(await outcome(t, transport, endpoint), 'end')
  t.equal(secret.connections, 0)
})

t.test('of a mixed answer only what is public is dialled, also when that fails', async (t) => {
  const upstream = await scriptedUpstream(t, CLOSING)
  const secret = await inside(t, upstream.port)
  const names = new Map([['edge.test', ['127.0.0.2', '::1', '127.0.0.1', '127.0.0.3']]])
  const transport = makeTransport(t, [], undefined, surroundingsOf(names))
  const endpoint = dialling('a', `http://edge.test:${upstream.port}`, UNTRUSTED)
  t.equal(await outcome(t, transport, endpoint), 'end')
  await upstream.refuse()
  t.equal(await outcome(t, transport, endpoint), 'connection_refused')
  t.equal(secret.connections, 0)
})

t.test('who may stand inside: who is trusted, or says so', async (t) => {
  const upstream = await scriptedUpstream(t, CLOSING)
  const transport = makeTransport(t, [])
  const endpoint = (host: string, allowPrivate: boolean, cdn: Partial<Cdn> = {}) =>
    dialling(`${host} ${allowPrivate}`, `http://${host}:${upstream.port}`, { allowPrivate, cdn: makeCdn('a', cdn) })
  for (const host of ['127.0.0.1', 'localhost']) {
    t.equal(await outcome(t, transport, endpoint(host, true)), 'end', host)
  }
  t.equal(upstream.connections, 2)
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '169.254.169.254', '[::ffff:7f00:1]']) {
    t.equal(await outcome(t, transport, endpoint(host, false)), 'destination_ip_prohibited', host)
    if (host === 'localhost') continue
    t.throws(() => connectOptions(endpoint(host, false), 'www.test'), { code: 'destination_ip_prohibited' })
  }
  t.equal(upstream.connections, 2)
})

t.test('TLS is never older than 1.2, whatever Node is told', async (t) => {
  const tls = { serverName: 'edge.test', verify: false, ca: null, clientCertificate: null }
  t.equal(connectOptions(dialling('a', 'https://edge.test', { tls }), 'www.test').minVersion, 'TLSv1.2')
})
