import t, { type Test } from 'tap'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from './support/caching.ts'
import { doorTo } from './support/door.ts'
import { answer, arrived, get, storedDoor } from './support/lane.ts'

const body = 'x'.repeat(1_000)
/** Age and the rest of the lifetime move with the clock. */
const steady = (text: string) => text.replace(/age: \d+/, 'age: N').replace(/ttl=\d+/, 'ttl=N')

const stored = (t: Test, of: Parameters<typeof doorTo>[2] = {}, policy = cachingPolicy()) =>
  storedDoor(t, body, { of, policy })

/** Sends text once the answers to all before it are there. */
async function ask(client: RawClient, text: string, nth: number): Promise<string> {
  client.send(text)
  return (await client.responses(nth)).at(-1)!.body.toString('latin1')
}

t.test('a stored answer is the same, whoever read the request', async (t) => {
  const door = await stored(t)
  for (const request of [get(), get('/', 'Accept: */*', 'User-Agent: t'), get().replace('GET', 'HEAD')]) {
    const before = door.parsed
    const short = await rawClient(t, door)
    short.send(request)
    await short.received('\r\n\r\n')
    t.equal(door.parsed, before, 'the lane has answered')
    const long = await rawClient(t, door)
    // Two at once are more than the lane reads.
    long.send(`${request}${request}`)
    await until(() => long.text.split('HTTP/1.1 200').length === 3, { what: 'two answers' })
    t.equal(door.parsed, before + 2)
    await until(() => short.text.length * 2 === long.text.length, { what: 'all of the answers' })
    t.equal(steady(long.text.slice(0, short.text.length)), steady(short.text))
  }
  const lines = door.services.accessLines.records as unknown as { cache: string; bytes: number; status: number }[]
  t.ok(lines.slice(1).every(({ cache, status }) => cache === 'hit' && status === 200))
  t.equal(door.upstream.requests.length, 1)
})

t.test('a connection goes both ways in turn', async (t) => {
  const door = await stored(t)
  const client = await rawClient(t, door)
  t.equal(await ask(client, get(), 1), body)
  t.equal(await ask(client, get('/a'), 2), 'this is /a')
  const before = door.parsed
  t.equal(await ask(client, get(), 3), body)
  t.equal(door.parsed, before, 'the lane again, behind an answer of Node')
  t.equal(await ask(client, get('/b'), 4), 'this is /b')
  t.equal(await ask(client, get() + get('/c') + get(), 7), body)
  t.equal(await ask(client, get(), 8), body)
})

t.test('a request in two pieces, wherever it is cut', async (t) => {
  const door = await stored(t)
  const text = get()
  for (let at = 1; at < text.length; at++) {
    const client = await rawClient(t, door)
    client.send(text.slice(0, at))
    await until(() => door.listeners.connections > 0, { what: 'the connection' })
    await new Promise((resolve) => client.socket.write('', resolve))
    client.send(text.slice(at))
    t.equal((await client.responses(1))[0]!.body.toString(), body, `cut at ${at}`)
    t.equal(await ask(client, get(), 2), body)
    client.close()
  }
})

t.test('what follows in the middle of a head is no request', async (t) => {
  const door = await stored(t)
  const client = await rawClient(t, door)
  t.equal(await ask(client, get('/a'), 1), 'this is /a')
  client.send('GET /b HTTP/1.1\r\nHost: a.test\r\nX: y\r\n')
  await arrived(t, door, client)
  // As a line of that head it has no colon.
  client.send(get())
  t.equal((await client.responses(2))[1]!.status, 400)
  await client.ended()
  t.equal(client.text.split('HTTP/1.1 ').length, 3)
})

t.test('what follows in the middle of content is content', async (t) => {
  const door = await stored(t)
  const client = await rawClient(t, door)
  t.equal(await ask(client, get(), 1), body)
  client.send(`POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${get().length}\r\n\r\n`)
  await arrived(t, door, client)
  client.send(get())
  const [, refused] = await client.responses(2)
  t.equal(refused!.status, 405)
  t.equal(client.text.split('HTTP/1.1 200').length, 2, 'no second answer to what was content')
})

t.test('a stored answer waits for the one before it', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const script = ({ target }: { target: string }) =>
    target === '/' ? [answer(body)] : [promise, answer('late', 'Cache-Control: no-store')]
  const door = await doorTo(t, script, {}, cachingPolicy())
  const client = await rawClient(t, door)
  t.equal(await ask(client, get(), 1), body)
  await until(() => door.services.cache.memory.size === 1, { what: 'the answer to be stored' })
  client.send(get('/slow'))
  await door.upstream.received(2)
  client.send(get())
  await arrived(t, door, client)
  t.equal(client.text.split('HTTP/1.1 200').length, 2)
  resolve()
  const [, second, third] = await client.responses(3)
  t.equal(second!.body.toString(), 'late')
  t.equal(third!.body.toString(), body)
})

t.test('a half-closed client gets its answer and the end', async (t) => {
  const door = await stored(t)
  const client = await rawClient(t, door)
  client.send(get()).halfClose()
  t.equal((await client.responses(1))[0]!.body.toString(), body)
  t.equal(await client.ended(), 'fin')
  const silent = await rawClient(t, door)
  silent.halfClose()
  t.equal(await silent.ended(), 'fin')
})

t.test('who says nothing is told that it is late; who asked is let go', async (t) => {
  const door = await stored(t, { limits: { headerTimeout: 100, idleTimeout: 100 } })
  const silent = await rawClient(t, door)
  const asked = await rawClient(t, door)
  t.equal(await ask(asked, get(), 1), body)
  t.equal((await silent.responses(1))[0]!.status, 408)
  await silent.ended()
  t.equal(await asked.ended(), 'fin')
  t.equal(asked.text.split('HTTP/1.1').length, 2, 'nothing but its answer')
})

t.test('who takes nothing is cut, and not sent more than it asked for', async (t) => {
  const large = 'y'.repeat(4_000_000)
  const door = await doorTo(t, [answer(large)], { limits: { sendTimeout: 200 } }, cachingPolicy())
  const first = await rawClient(t, door)
  t.equal(await ask(first, get(), 1), large)
  await until(() => door.services.cache.memory.size === 1, { what: 'the answer to be stored' })
  const before = door.parsed
  const client = await rawClient(t, door)
  client.socket.pause()
  client.send(get())
  await until(() => door.services.accessLines.all.length === 2, { what: 'the second answer' })
  t.equal(door.parsed, before, 'the lane has answered')
  client.send(get()).send(get())
  await until(() => door.listeners.connections === 1, { what: 'the end of the connection' })
})

t.test('the limit of a policy counts here too', async (t) => {
  const rateLimit = { requestsPerSecond: 0.001, burst: 3, by: 'client-address' } as const
  const door = await stored(t, {}, cachingPolicy({}, { rateLimit }))
  const client = await rawClient(t, door)
  const statuses: number[] = []
  while (statuses.length < 6) {
    client.send(get())
    statuses.push((await client.responses(statuses.length + 1)).at(-1)!.status)
  }
  t.strictSame(statuses, [200, 200, 200, 429, 429, 429])
  t.equal(door.services.accessLines.all.length, 7, 'each is written down once')
})
