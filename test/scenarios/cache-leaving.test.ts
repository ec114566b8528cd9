import { request } from 'node:http'
import t from 'tap'
import { get } from '../helpers/http.ts'
import { answer, countedBody, cut, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Script } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { type DoorWithUpstream, doorTo } from '../http/support/door.ts'

const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
/** More than sockets take while nobody reads. */
const BIG = countedBody(16 * 2 ** 20)

/** However it ended: no question goes on, nobody waits, no deadline runs, and nothing holds a transport or a connection. */
async function nothingIsLeft({ services, upstream }: DoorWithUpstream): Promise<void> {
  const { cache, timers, board } = services
  const { snapshot } = services.current()
  const [edge] = snapshot.endpoints
  const left = () => ({
    fetches: cache.fetches,
    waiting: cache.waiting,
    timers: timers.pending,
    pending: board.pending(edge!),
  })
  const isNothing = () => Object.values(left()).every((count) => count === 0)
  await until(isNothing, { what: () => JSON.stringify(left()) })
  // Its pools close when the last request has given back its lease.
  await services.reload({ ...snapshot, endpoints: [] })
  // A script that stalls keeps its own half of what was abandoned.
  const held = () => upstream.open - upstream.abandoned
  await until(() => held() <= 0, { what: () => `${held()} connections to the upstream` })
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}) {
  const sent = request(url, { headers: { ...headers } }).on('error', () => {})
  sent.end()
  return sent
}

t.test('who asked first has left when the answer turns out to be for it alone', async (t) => {
  const gate = Promise.withResolvers<void>()
  const own = { 'cache-control': 'private' }
  const script: Script = (_, index) => (index === 0 ? [gate.promise, ...answer(200, BIG, own)] : answer(200, 'b', own))
  const gateway = await doorTo(t, script, {}, cachingPolicy())
  const first = ask(gateway.url)
  await gateway.upstream.received(1)
  const other = get(gateway.url)
  await until(() => gateway.services.cache.waiting === 1, { what: 'who waits' })
  first.socket!.resetAndDestroy()
  await until(() => gateway.listeners.connections === 1, {
    what: () => `one connection, not ${gateway.listeners.connections}`,
  })
  gate.resolve()
  t.equal((await other).body, 'b')
  const lines = await gateway.services.ended(2)
  t.same(lines.map(({ status }) => status).sort(), [200, 499])
  await nothingIsLeft(gateway)
})

t.test('all who wait leave before anything came: nobody asks any more', async (t) => {
  const gateway = await doorTo(t, ['stall!'], {}, cachingPolicy())
  const first = ask(gateway.url)
  await gateway.upstream.received(1)
  const other = ask(gateway.url)
  await until(() => gateway.services.cache.waiting === 1, { what: 'who waits' })
  first.socket!.resetAndDestroy()
  await until(() => gateway.listeners.connections === 1, {
    what: () => `one connection, not ${gateway.listeners.connections}`,
  })
  other.socket!.resetAndDestroy()
  await until(() => gateway.upstream.abandoned === 1)
  await nothingIsLeft(gateway)
})

t.test('a part of what never ends: nobody reads the whole, and it does not go on for ever', async (t) => {
  const chunk = `10000\r\n${'x'.repeat(2 ** 16)}\r\n`
  // It knows ranges only in the client's own words.
  const script: Script = (asked) =>
    asked.header('range') !== 'bytes=0-1'
      ? [head(200, { ...FRESH, 'transfer-encoding': 'chunked' }), ...Array(40).fill(chunk), 'stall!']
      : answer(206, 'ab', { ...FRESH, 'content-range': 'bytes 0-1/99999999' })
  const gateway = await doorTo(t, script, {}, cachingPolicy({ maxObject: 2 ** 20 }))
  t.match(await get(gateway.url, { headers: { range: 'bytes=0-1' } }), { status: 206, body: 'ab' })
  await until(() => gateway.upstream.abandoned === 1, { what: () => `${gateway.upstream.open} open` })
  await nothingIsLeft(gateway)
})

t.test('what breaks before its first byte is told to all, and not asked for again by each', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = () => [gate.promise, ...cut('abc', 0, 'end!', { 'cache-control': 'max-age=600' })]
  const gateway = await doorTo(t, script, {}, cachingPolicy())
  const all = Array.from({ length: 5 }, () => get(gateway.url))
  await until(() => gateway.services.cache.waiting === 4)
  gate.resolve()
  t.same(
    (await Promise.all(all)).map(({ status }) => status),
    [502, 502, 502, 502, 502],
  )
  t.equal(gateway.upstream.requests.length, 1)
  const lines = await gateway.services.ended(5)
  t.ok(lines.every(({ error }) => error === 'http_response_incomplete'))
  await nothingIsLeft(gateway)
})

for (const asFirst of [true, false]) {
  t.test(`a client that ended its side and gets nothing, ${asFirst ? 'first' : 'behind another'}`, async (t) => {
    const part = BIG.slice(0, 1000)
    const script: Script = () => cut(BIG, part.length, 'stall!', FRESH)
    const gateway = await doorTo(t, script, {}, cachingPolicy())
    const reader = asFirst ? null : ask(gateway.url).on('response', (response) => response.resume())
    if (reader !== null) await gateway.upstream.received(1)
    const client = await rawClient(t, gateway)
    client.send(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`)
    await client.received(part)
    client.halfClose()
    t.equal(await client.ended(), 'reset')
    reader?.destroy()
    await nothingIsLeft(gateway)
  })
}

t.test('a client that ended its side while it waits for another one', async (t) => {
  const gateway = await doorTo(t, ['stall!'], {}, cachingPolicy())
  const first = ask(gateway.url)
  await gateway.upstream.received(1)
  const client = await rawClient(t, gateway)
  client.send(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`)
  await until(() => gateway.services.cache.waiting === 1, { what: 'who waits' })
  client.halfClose()
  await client.ended()
  t.equal(gateway.services.cache.waiting, 0)
  first.socket!.resetAndDestroy()
  await nothingIsLeft(gateway)
})

t.test('a client that ended its side gets what comes', async (t) => {
  const part = BIG.slice(0, 2 ** 20)
  const gate = Promise.withResolvers<void>()
  const script: Script = () => [gate.promise, ...answer(200, part, FRESH)]
  const gateway = await doorTo(t, script, {}, cachingPolicy())
  const client = await rawClient(t, gateway)
  client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n').halfClose()
  await gateway.upstream.received(1)
  gate.resolve()
  const [got] = await client.responses(1)
  t.ok(got!.body.toString('latin1') === part)
  await nothingIsLeft(gateway)
})
