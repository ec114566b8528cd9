import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DiskTier } from '../../src/cache/disk.ts'
import { get } from '../helpers/http.ts'
import { answer, countedBody } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import type { Script } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { type DoorWithUpstream, doorTo } from '../http/support/door.ts'

const HEADERS = { host: 'www.test' }
const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
const MEMORY = 4 * 2 ** 20
/** Above what the memory takes of one answer: a quarter. */
const LARGE = countedBody(1_500_000)
const SMALL = countedBody(100_000)

const script: Script = ({ target }) => answer(200, target === '/large' ? LARGE : SMALL, FRESH)

async function openDisk(scope: Test, folder: string): Promise<DiskTier> {
  const onProblem = (problem: string) => problem === 'entry-damaged' || scope.fail(problem)
  return (await DiskTier.open({ folder, maxBytes: 2 ** 30, isFirst: false, now: Date.now, onProblem }))!
}

/** A gateway whose memory is new, over a disk that may not be. */
async function over(scope: Test, folder: string): Promise<DoorWithUpstream> {
  const disk = await openDisk(scope, folder)
  const gateway = await doorTo(scope, script, {}, cachingPolicy())
  gateway.services.cache = gateway.services.newCache(disk, MEMORY)
  scope.teardown(() => disk.close())
  return gateway
}

t.test('what is on disk outlives the process, also what the memory has no room for', async (t) => {
  const folder = join(tempDir(t, 'cache'), 'disk')
  const before = await over(t, folder)
  t.equal((await get(`${before.url}/small`, { headers: HEADERS })).body, SMALL)
  t.equal((await get(`${before.url}/large`, { headers: HEADERS })).body, LARGE)
  await until(() => before.services.cache.disk?.entries === 2, { what: 'two answers on disk' })
  const after = await over(t, folder)
  t.match(await get(`${after.url}/small`, { headers: HEADERS }), {
    body: SMALL,
    headers: { 'cache-status': /hit/, 'content-length': '100000' },
  })
  await until(() => after.services.cache.memory.size === 1, { what: 'the small one in memory' })
  t.equal((await get(`${after.url}/large`, { headers: HEADERS })).body, LARGE)
  const part = await get(`${after.url}/large`, { headers: { ...HEADERS, range: 'bytes=1048570-1048580' } })
  t.match(part, { status: 206, body: LARGE.slice(1_048_570, 1_048_581), headers: { 'cache-status': /hit/ } })
  t.equal(after.upstream.requests.length, 0)
  t.equal(after.services.cache.memory.size, 1)
})

t.test('what is damaged on disk is asked for again', async (t) => {
  const folder = join(tempDir(t, 'cache'), 'disk')
  const before = await over(t, folder)
  await get(`${before.url}/small`, { headers: HEADERS })
  await until(() => before.services.cache.disk?.entries === 1)
  rmSync(join(folder, 'v1.1', 'content', 'content-v2'), { recursive: true })
  const after = await over(t, folder)
  t.match(await get(`${after.url}/small`, { headers: HEADERS }), {
    status: 200,
    body: SMALL,
    headers: { 'cache-status': /fwd=uri-miss/ },
  })
  t.equal(after.upstream.requests.length, 1)
  t.match(await get(`${after.url}/small`, { headers: HEADERS }), { body: SMALL, headers: { 'cache-status': /hit/ } })
})

t.test('parts out of order of what comes and the memory has no room for: the client gets the whole', async (t) => {
  const content = countedBody(5_000_000)
  const folder = join(tempDir(t, 'cache'), 'disk')
  const { url, upstream, services } = await doorTo(t, () => answer(200, content, FRESH), {}, cachingPolicy())
  const disk = await openDisk(t, folder)
  t.teardown(() => disk.close())
  services.cache = services.newCache(disk, MEMORY)
  const headers = { ...HEADERS, range: 'bytes=4000000-4000009,0-9' }
  t.match(await get(`${url}/`, { headers }), { status: 200, body: content })
  await until(() => services.cache.disk?.entries === 1)
  t.match(await get(`${url}/`, { headers }), { status: 206, headers: { 'cache-status': /hit/ } })
  t.equal(upstream.requests.length, 1)
  const inOrder = { ...HEADERS, range: 'bytes=0-9,4000000-4000009' }
  t.match(await get(`${url}/in-order`, { headers: inOrder }), { status: 206, headers: { 'cache-status': /miss/ } })
})
