import t, { type Test } from 'tap'
import { DiskTier } from '../../src/cache/disk.ts'
import { fillDisk, mountSmallDisk } from '../cache/support/full-disk.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { type DoorWithUpstream, doorTo } from '../http/support/door.ts'

const HEADERS = { host: 'www.test' }
const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
/** Bytes of memory: the half of what is asked for is on disk only. */
const MEMORY = 2 * 2 ** 20
/** Some are in files, some in the table. */
const bodyOf = (path: string) => `${path}\n`.repeat(Number(path.slice(1)) % 2 === 0 ? 160_000 : 3_000)
const PATHS = Array.from({ length: 40 }, (_, at) => `/${at}`)

async function gatewayOver(scope: Test, folder: string) {
  const problems: string[] = []
  const onProblem = (problem: string) => problems.push(problem)
  const disk = await DiskTier.open({ folder, maxBytes: 2 ** 30, isFirst: true, now: Date.now, onProblem })
  const script = ({ target }: { readonly target: string }) => answer(200, bodyOf(target), FRESH)
  const gateway = await doorTo(scope, script, {}, cachingPolicy())
  gateway.services.cache = gateway.services.newCache(disk, MEMORY)
  scope.teardown(() => disk?.close())
  return { gateway, disk, problems }
}

/** How many of all answers are hits; each is right. */
async function askAll(scope: Test, { url }: DoorWithUpstream): Promise<number> {
  let hits = 0
  for (const path of PATHS) {
    const { status, body, headers } = await get(`${url}${path}`, { headers: HEADERS })
    if (status !== 200 || body !== bodyOf(path)) scope.fail(`${path}: ${status}, ${body.length} bytes`)
    if (/hit/.test(String(headers['cache-status']))) hits++
  }
  return hits
}

t.test('a disk that is full changes no answer', async (t) => {
  const folder = tempDir(t, 'full')
  const isReal = mountSmallDisk(t, folder, 8)
  // Root may not mount in a container: what writes files meets the same there, what SQLite writes has its own test.
  if (!isReal) t.comment('nothing can be mounted here: a double of the disk is full')
  const { gateway, disk, problems } = await gatewayOver(t, folder)
  t.equal((await get(`${gateway.url}/0`, { headers: HEADERS })).status, 200)
  await until(() => disk?.usage.entries === 1, { what: 'one that is stored' })
  if (!isReal) fillDisk(t, folder)
  await askAll(t, gateway)
  await until(() => problems.length > 0, { what: 'a disk that is full' })
  t.ok((await askAll(t, gateway)) > 0, 'what was stored is used')
  t.strictSame([...new Set(problems)], ['unwritable'])
  t.match(await get(`${gateway.url}/0`, { headers: HEADERS }), {
    body: bodyOf('/0'),
    headers: { 'cache-status': /hit/ },
  })
})

t.test('a folder that cannot be written is said, and done without', async (t) => {
  const { gateway, problems } = await gatewayOver(t, '/dev/null/polycdn')
  t.equal(await askAll(t, gateway), 0)
  t.strictSame(problems, ['unusable'])
  t.equal(gateway.services.cache.disk, null)
})
