import { closeSync, fstatSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { type GatewayProcess, startGateway } from '../helpers/gateway.ts'
import { inParallel } from '../helpers/parallel.ts'
import { tempDir } from '../helpers/scope.ts'
import { seen } from '../helpers/seen.ts'
import { until } from '../helpers/wait.ts'
import { contentOf, startSeededOrigin } from './seeded-objects.ts'
import { topology } from './topology.ts'

const PATHS = Array.from({ length: 24 }, (_, at) => `/object-${at}`)
const CLIENTS = 8
const PAGE = 4096

interface Asked {
  readonly hits: number
  /** Not what the origin has; cut is only what began with the right bytes. */
  readonly wrong: readonly string[]
  readonly cut: number
}

async function askAll(gateway: GatewayProcess): Promise<Asked> {
  const wrong: string[] = []
  let [hits, cut] = [0, 0]
  await inParallel(CLIENTS, PATHS, async (path) => {
    const content = contentOf(path)
    const { end, status, bytes, headers } = await seen(gateway.port, path, { host: 'www' })
    const isPrefix = status === 200 && content.subarray(0, bytes.length).equals(bytes)
    if (!isPrefix || (end === 'whole' && bytes.length !== content.length)) wrong.push(`${path}: ${status} ${end}`)
    else if (end !== 'whole') cut++
    else if (String(headers['cache-status']).includes('hit')) hits++
  })
  return { hits, wrong, cut }
}

/** Every page but the first, when all have been written there. What processes remember of them does not count any more. */
function damage(path: string): void {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  database.exec('UPDATE entries SET used = used + 1; PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  const file = openSync(path, 'r+')
  const { size } = fstatSync(file)
  for (let at = PAGE; at < size; at += PAGE) writeSync(file, Buffer.alloc(Math.min(PAGE, size - at), 0xa5), 0, null, at)
  closeSync(file)
}

const volumes = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('v'))

async function start(t: Test, folder: string): Promise<() => Promise<GatewayProcess>> {
  const url = await startSeededOrigin(t)
  const policy = { fallback: 'none', cache: { enabled: true } }
  const cache = { memory: '4MiB', disk: { path: folder } }
  const config = { ...topology({ edges: [{ name: 'fra', url }], policy }), cache, workers: 2 }
  return () => startGateway(t, config)
}

t.test('an index that is damaged while two processes serve costs hits, and no answer', async (t) => {
  const folder = join(tempDir(t, 'damaged'), 'disk')
  const started = await start(t, folder)
  const gateway = await started()
  const wrong: string[] = []
  const ask = async () => {
    const asked = await askAll(gateway)
    wrong.push(...asked.wrong)
    return asked
  }
  await until(async () => (await ask()).hits > PATHS.length / 2, { what: 'most of it stored' })
  damage(join(folder, 'v1.1/index.db'))
  await until(async () => (await ask()) !== null && volumes(folder).join() === 'v1.2', { what: 'a new volume alone' })
  t.equal(gateway.logs.filter(({ event }) => event === 'cache-disk-damaged').length, 1, 'is said once')
  await until(async () => (await ask()).hits === PATHS.length, { what: 'everything stored again, for both' })
  t.strictSame(wrong, [])
  t.equal((await gateway.metrics()).value('polycdn_cache_disk_errors_total', { problem: 'damaged' }), 1)
  const { code, stderr } = await gateway.close()
  t.strictSame([code, stderr], [0, ''])

  damage(join(folder, 'v1.2/index.db'))
  const next = await started()
  await next.logged('cache-disk-damaged')
  t.strictSame(await askAll(next), { hits: 0, wrong: [], cut: 0 }, 'it starts with nothing')
  t.equal(next.logs.filter(({ event }) => String(event).startsWith('cache-disk')).length, 1)
  await until(() => volumes(folder).join() === 'v1.3')
  await until(async () => (await askAll(next)).hits === PATHS.length)
  t.equal((await next.close()).code, 0)
})
