import { once } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { Listener } from '../../src/config/snapshot.ts'
import { Listeners } from '../../src/http/listeners.ts'
import { get, keepAlive } from '../helpers/http.ts'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { freePort } from '../helpers/port.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until, within } from '../helpers/wait.ts'
import { type Door, doorTo, QUIET } from './support/door.ts'
import { listener, networkSet, testServices } from './support/services.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LOOPBACK = networkSet(['127.0.0.0/8'])

const local = (port: number) => listener({ port })

async function refuses(scope: Scope, port: number): Promise<boolean> {
  try {
    const client = await rawClient(scope, { port })
    client.close()
    return false
  } catch {
    return true
  }
}

/** A door whose upstream has sent half of its body and waits for the gate. */
async function halfway(scope: Scope, listen: readonly Listener[] = [local(0)]) {
  const gate = Promise.withResolvers<void>()
  const slow = [head(200, { 'content-length': '10' }), 'first', gate.promise, '-last']
  const door = await doorTo(scope, ({ target }) => (target === '/slow' ? slow : answer()), { over: { listen } })
  const client = await rawClient(scope, door)
  client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.received('first')
  return { ...door, gate, client }
}

t.test('a connection is used again', async (t) => {
  const door = await doorTo(t, answer())
  const agent = keepAlive(t, 1)
  for (let i = 0; i < 5; i++) await get(door.url, { agent })
  t.equal(door.listeners.connections, 1)
  t.equal(door.upstream.connections, 1)
  agent.destroy()
  await until(() => door.listeners.connections === 0, { what: 'the count to fall' })
})

t.test('an idle connection is closed after idle_timeout', async (t) => {
  const door = await doorTo(t, answer(), { limits: { idleTimeout: 100 } })
  const client = await rawClient(t, door)
  client.send(REQUEST)
  await client.responses(1)
  t.equal(await client.ended(), 'fin')
  const other = await doorTo(t, answer(), { limits: { idleTimeout: 7_000 } })
  t.equal((await get(other.url, { agent: keepAlive(t, 1) })).headers['keep-alive'], 'timeout=7')
})

t.test('connections_per_address: one too many is closed, trusted proxies have no such limit', async (t) => {
  const limits = { connectionsPerAddress: 3 }
  const plain = await doorTo(t, answer(), { limits })
  const clients = await Promise.all([1, 2, 3].map(() => rawClient(t, plain)))
  await until(() => plain.listeners.connections === 3)
  const extra = await rawClient(t, plain)
  await extra.ended()
  t.equal(extra.text, '')
  clients[0]!.close()
  await until(() => plain.listeners.connections === 2, { what: 'the count to fall' })
  const next = await rawClient(t, plain)
  t.equal((await next.send(REQUEST).responses(1)).length, 1, 'a place is free again')
  const trusting = await doorTo(t, answer(), { limits, over: { trustedProxies: LOOPBACK } })
  for (let i = 0; i < 5; i++) {
    const client = await rawClient(t, trusting)
    t.equal((await client.send(REQUEST).responses(1)).length, 1)
  }
})

t.test('connections: of all listeners together', async (t) => {
  const over = { listen: [local(0), listener({ host: '127.0.0.2' })], trustedProxies: LOOPBACK }
  const door = await doorTo(t, answer(), { limits: { connections: 3 }, over })
  const [first, second] = door.listeners.addresses.map((address) => {
    const [host, port] = address.split(':')
    return { host: host!, port: Number(port) }
  })
  const clients = await Promise.all([first!, first!, second!].map((where) => rawClient(t, where)))
  await until(() => door.listeners.connections === 3)
  for (const where of [first!, second!]) {
    const extra = await rawClient(t, where)
    await extra.ended()
    t.equal(extra.text, '')
  }
  for (const client of clients) t.equal((await client.send(REQUEST).responses(1)).length, 1)
})

t.test('a taken address is named, and the others are closed again', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  t.teardown(() => blocker.close())
  const taken = (blocker.address() as { port: number }).port
  const free = await freePort()
  const { listeners, services } = await doorTo(t, answer())
  const { limits } = services.current().snapshot
  await t.rejects(listeners.open([local(free), local(taken)], limits), {
    code: 'address_in_use',
    message: `127.0.0.1:${taken} is in use by another program`,
  })
  t.equal(listeners.addresses.length, 1)
  t.ok(await refuses(t, free))
  await t.rejects(listeners.open([listener({ host: '192.0.2.1', port: 1 })], limits), {
    code: 'address_unavailable',
    message: /192\.0\.2\.1:1/,
  })
})

async function move(door: Door, to: readonly Listener[]): Promise<Promise<void>> {
  const { limits } = door.services.current().snapshot
  await door.listeners.open(to, limits)
  const retained = door.listeners.retain(to, limits)
  return Promise.resolve().then(() => retained)
}

t.test('a reload opens one address and closes another, where a body goes on to its end', async (t) => {
  const ports = [await freePort(), await freePort()]
  const door = await halfway(t, [local(ports[0]!)])
  const { limits } = door.services.current().snapshot
  await door.listeners.open([local(ports[1]!)], limits)
  let retained = false
  const retaining = door.listeners.retain([local(ports[1]!)], limits).then(() => {
    retained = true
  })
  await until(() => refuses(t, ports[0]!), { what: 'the old address to be closed' })
  t.equal((await get(`http://127.0.0.1:${ports[1]}/`)).status, 200)
  t.notOk(retained)
  door.gate.resolve()
  t.match((await door.client.responses(1))[0], { status: 200, body: Buffer.from('first-last') })
  await within(retaining, 'the old listener to be gone')
  t.same(door.listeners.addresses, [`127.0.0.1:${ports[1]}`])
})

t.test(
  'an address that a reload takes away and the next one gives back is open, though a body still goes on',
  async (t) => {
    const port = await freePort()
    const door = await halfway(t, [local(port)])
    const first = move(door, [local(0)])
    await until(() => refuses(t, port), { what: 'the address to be closed' })
    await move(door, [local(port)])
    t.equal((await get(`http://127.0.0.1:${port}/`)).status, 200)
    door.gate.resolve()
    t.match((await door.client.responses(1))[0], { status: 200, body: Buffer.from('first-last') })
    await within(first, 'the old listener to be gone')
    t.equal((await get(`http://127.0.0.1:${port}/`)).status, 200)
  },
)

t.test('a reload changes the limits of listeners that stay', async (t) => {
  const door = await doorTo(t, answer())
  const long = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(5000)}\r\n\r\n`
  const status = async () => (await (await rawClient(t, door)).send(long).responses(1))[0]!.status
  t.equal(await status(), 200)
  const { listen, limits } = door.services.current().snapshot
  await door.listeners.retain(listen, { ...limits, headers: 2048 })
  t.equal(await status(), 431)
})

t.test('close: idle connections end at once, a running body ends whole, and new connections are refused', async (t) => {
  const door = await halfway(t)
  const idle = await rawClient(t, door)
  await idle.send(REQUEST).responses(1)
  const silent = await rawClient(t, door)
  await until(() => door.listeners.connections === 3)
  const closing = door.listeners.close()
  await Promise.all([idle.ended(), silent.ended()])
  t.ok(await refuses(t, door.port))
  t.equal(door.client.end, 'open')
  door.gate.resolve()
  t.match((await door.client.responses(1))[0], { status: 200, body: Buffer.from('first-last') })
  await door.client.ended()
  await within(closing, 'the end of close()')
  t.equal(door.listeners.connections, 0)
})

t.test('close: the last bytes reach a client that is slow to take them', async (t) => {
  const body = countedBody(8_000_000)
  const door = await doorTo(t, answer(200, body))
  const client = await rawClient(t, door)
  client.socket.pause()
  client.send(REQUEST)
  // All of it has left the upstream and waits here and in the kernel, or the client's window is full before that.
  await door.upstream.received(1)
  let before = -1
  await until(
    () => {
      const same = client.socket.bytesRead === before
      before = client.socket.bytesRead
      return same
    },
    { interval: 100 },
  )
  const closing = door.listeners.close()
  client.socket.resume()
  const [got] = await client.responses(1)
  t.equal(got?.body.toString('latin1'), body)
  await client.ended()
  await within(closing, 'the end of close()')
})

t.test('close: so do those of an answer that has ended and not left', async (t) => {
  const body = Buffer.alloc(32_000_000, 'x')
  const services = testServices(t, { sites: [] })
  const { snapshot } = services.current()
  const listeners = new Listeners({
    onRequest: (_request, response) => response.end(body),
    onUpgrade: () => {},
    hits: () => null,
    timers: services.timers,
    ...QUIET,
    snapshot: () => snapshot,
  })
  await listeners.open([local(0)], snapshot.limits)
  const client = await rawClient(t, { port: Number(listeners.addresses[0]!.split(':')[1]) })
  let taken = 0
  client.socket.removeAllListeners('data').pause()
  client.socket.on('data', (chunk: Buffer) => {
    taken += chunk.length
  })
  client.socket.pause()
  client.send(REQUEST)
  await until(() => listeners.requests === 1)
  const closing = listeners.close()
  client.socket.resume()
  t.equal(await client.ended(), 'fin')
  t.ok(taken > body.length, `${taken} bytes`)
  await within(closing, 'the end of close()')
})

t.test('close: a head on its way gets header_timeout and no more', async (t) => {
  const door = await doorTo(t, answer(), { limits: { headerTimeout: 1_500 } })
  const quick = await rawClient(t, door)
  const slow = await rawClient(t, door)
  await until(() => door.listeners.connections === 2)
  quick.send('GET / HTTP/1.1\r\n')
  slow.send('GET / HTTP/1.1\r\n')
  // What was written to loopback is read in one of the next turns of the event loop.
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  const closing = door.listeners.close()
  quick.send('Host: a\r\n\r\n')
  const [got] = await quick.responses(1)
  t.equal(got?.status, 200)
  t.ok(got?.fields.some(([name, value]) => name === 'Connection' && value === 'close'))
  await slow.ended()
  await within(closing, 'the end of close()')
})

t.test('destroy: everything ends now, what a reload left behind too', async (t) => {
  const port = await freePort()
  const door = await halfway(t, [local(port)])
  const moved = move(door, [local(0)])
  await until(() => refuses(t, port), { what: 'the address to be closed' })
  door.listeners.destroy()
  await door.client.ended()
  await within(moved, 'the old listener to be gone')
})

t.test('two listeners on ports that the system chooses are two, and stay across reloads', async (t) => {
  const listen = [local(0), { ...local(0), h2c: true }]
  const { listeners, services } = await doorTo(t, answer(), { over: { listen } })
  const { limits } = services.current().snapshot
  const before = [...listeners.addresses]
  t.equal(new Set(before).size, 2)
  await listeners.open(listen, limits)
  await listeners.retain(listen, limits)
  t.strictSame(listeners.addresses, before)
  await listeners.retain([local(0)], limits)
  t.strictSame(listeners.addresses, before.slice(0, 1))
})
