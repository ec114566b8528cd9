import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { ContentReference } from '../../src/config/content.ts'
import type { Cdn } from '../../src/config/snapshot.ts'
import { Exposition } from '../helpers/exposition.ts'
import { Dag } from '../helpers/ipfs-dag.ts'
import { type IpfsGateway, ipfsGateway } from '../helpers/ipfs-gateway.ts'
import { IPFS_LIES, type IpfsBehaviour } from '../helpers/ipfs-lies.ts'
import { seen } from '../helpers/seen.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'

const CHUNK = 64 * 1024

const FILES: Record<string, Uint8Array> = {
  'one.bin': randomBytes(1),
  'below.bin': randomBytes(CHUNK - 1),
  'above.bin': randomBytes(CHUNK + 1),
  'deep/er/large.bin': randomBytes(20 * CHUNK + 33),
  'index.html': Buffer.from('<h1>home</h1>'),
  'docs/index.html': Buffer.from('<h1>docs</h1>'),
}

async function tree() {
  const dag = new Dag()
  const root = await dag.add(FILES, { chunkSize: CHUNK })
  return { dag, root }
}

interface Ground {
  readonly gateways: readonly IpfsGateway[]
  readonly services: ReturnType<typeof testServices>
  readonly port: number
  /** Forgets who lied. */
  forgive(): void
}

async function ground(t: Test, dag: Dag, ipfs: ContentReference, over: Partial<Cdn> = {}): Promise<Ground> {
  const gateways = [await ipfsGateway(t, dag), await ipfsGateway(t, dag)]
  const endpoints = gateways.map(({ url }, index) =>
    endpoint(url, { cdn: cdn('ab'[index]!, { provider: 'ipfs', trust: false, ...over }) }),
  )
  const quick = { perTryTimeout: 250, timeout: 700, bodyIdleTimeout: 250, budgetPercent: 100, budgetPerSecond: 1000 }
  const route = { proves: true, unfit: [null, null] }
  const proved = site({ endpoints, policy: policy({ fallback: 'none' }, quick), route })
  const services = testServices(t, { sites: [{ ...proved, content: { complete: true, ipfs, arweave: null } }] })
  const { port } = await front(t, services)
  const forgive = () => {
    services.board.retain([])
    services.board.retain(endpoints)
  }
  return { gateways, services, port, forgive }
}

t.test('whatever the first gateway does, the client gets the true bytes, and no others', async (t) => {
  const { dag, root } = await tree()
  const { gateways, port, forgive } = await ground(t, dag, { kind: 'id', id: `${root}` })
  const lacks: readonly IpfsBehaviour[] = ['no-car', 'no-raw', 'no-dups', 'no-order', 'lacks-block', 'drip']
  for (const behaviour of [...IPFS_LIES, ...lacks]) {
    for (const [path, truth] of Object.entries(FILES)) {
      if (behaviour.startsWith('stall') && path !== 'above.bin') continue
      forgive()
      gateways[0]!.play(behaviour)
      const { end, status, bytes, headers } = await seen(port, `/${path}`)
      const what = `${behaviour} ${path}: ${end} ${status} ${bytes.length}`
      t.equal(`${end} ${status}`, 'whole 200', what)
      t.ok(bytes.equals(truth), what)
      t.match(headers.etag, /^"bafy|^"bafk/, what)
      t.equal(headers['content-length'], String(truth.length))
    }
  }
})

t.test('where both lie no wrong byte comes, and nothing that looks complete', async (t) => {
  const { dag, root } = await tree()
  const { gateways, port, forgive } = await ground(t, dag, { kind: 'id', id: `${root}` })
  for (const behaviour of IPFS_LIES) {
    for (const [path, truth] of Object.entries(FILES)) {
      if (behaviour.startsWith('stall') && path !== 'above.bin') continue
      forgive()
      for (const gateway of gateways) gateway.play(behaviour)
      const { end, status, bytes } = await seen(port, `/${path}`)
      const what = `${behaviour} ${path}: ${end} ${status} ${bytes.length}`
      if (end === 'whole' && status === 200) t.ok(bytes.equals(truth), what)
      else if (status === 200) t.ok(bytes.equals(truth.subarray(0, bytes.length)), what)
      else t.ok(status >= 502 && status <= 504, what)
    }
  }
})

t.test('ranges, HEAD, index pages, slashes and what is not there', async (t) => {
  const { dag, root } = await tree()
  const { gateways, port, services } = await ground(t, dag, { kind: 'id', id: `${root}` })
  const truth = FILES['deep/er/large.bin']!
  for (const [first, last] of [
    [0, 0],
    [CHUNK - 1, CHUNK],
    [3 * CHUNK, 5 * CHUNK + 5],
    [truth.length - 1, truth.length - 1],
  ]) {
    const { status, bytes, headers } = await seen(port, '/deep/er/large.bin', { range: `bytes=${first}-${last}` })
    t.equal(`${status} ${headers['content-range']}`, `206 bytes ${first}-${last}/${truth.length}`)
    t.ok(bytes.equals(truth.subarray(first, last! + 1)))
  }
  t.match(gateways[0]!.requests.at(-1)!.target, /entity-bytes=/)
  const suffix = await seen(port, '/deep/er/large.bin', { range: 'bytes=-33' })
  t.ok(suffix.bytes.equals(truth.subarray(-33)))
  const head = await seen(port, '/deep/er/large.bin', {}, 'HEAD')
  t.equal(`${head.status} ${head.headers['content-length']}`, `200 ${truth.length}`)
  const home = await seen(port, '/')
  t.equal(`${home.status} ${home.headers['content-type']} ${home.bytes}`, '200 text/html; charset=utf-8 <h1>home</h1>')
  const docs = await seen(port, '/docs')
  t.equal(`${docs.status} ${docs.headers.location}`, '301 /docs/')
  t.equal(`${(await seen(port, '/docs/')).bytes}`, '<h1>docs</h1>')
  t.equal((await seen(port, '/missing')).status, 404, 'the absence is proved')
  gateways[0]!.play('404')
  gateways[1]!.play('404')
  t.equal((await seen(port, '/missing')).status, 404, 'and remembered')
  t.equal((await seen(port, '/one.bin')).status, 502, 'a gateway saying 404 proves nothing')
  const metrics = new Exposition((await services.metrics.exposition()).body)
  t.ok(metrics.value('polycdn_proved_bytes_total', { cdn: 'a', proof: 'ipfs' })! > 2 * CHUNK)
  t.equal(metrics.value('polycdn_attempts_total', { cdn: 'a', outcome: 'absent' }), 1)
  t.equal(metrics.value('polycdn_unproved_attempts_total', { cdn: 'a', reason: 'content_absent' }), 1)
  t.equal(metrics.value('polycdn_unproved_attempts_total', { cdn: 'a', reason: 'content_not_found' }), 1)
})

t.test('20 MiB outlive a page, a 504, a cut and a tampered block as one answer', async (t) => {
  const dag = new Dag()
  const content = randomBytes(20 * 1024 * 1024)
  const root = await dag.add({ 'movie.bin': content })
  const behaviours: readonly IpfsBehaviour[] = ['html', '502', 'cut', 'flip-last', 'honest']
  const gateways = await Promise.all(behaviours.map((behaviour) => ipfsGateway(t, dag, behaviour)))
  const endpoints = gateways.map(({ url }, index) => {
    return endpoint(url, { cdn: cdn(`g${index}`, { provider: 'ipfs', trust: false }) })
  })
  const proved = site({
    endpoints,
    policy: policy({ fallback: 'none' }, { attempts: 6, budgetPercent: 100, budgetPerSecond: 1000 }),
    route: { proves: true, unfit: endpoints.map(() => null) },
  })
  const ipfs = { kind: 'id' as const, id: `${root}` }
  const services = testServices(t, { sites: [{ ...proved, content: { complete: false, ipfs, arweave: null } }] })
  const { port } = await front(t, services)
  const { end, status, bytes } = await seen(port, '/movie.bin')
  t.equal(`${end} ${status}`, 'whole 200')
  t.ok(bytes.equals(content))
  const [line] = await services.ended(1)
  t.comment(JSON.stringify(line))
})

t.test('a path gateway: listed content only, in a sandbox, under names that never change', async (t) => {
  const { dag, root } = await tree()
  const other = await dag.add({ 'x.txt': Buffer.from('not listed') })
  const { port } = await ground(t, dag, { kind: 'path', allow: new Set([`${root}`]), denyList: null })
  const { status, headers, bytes } = await seen(port, `/ipfs/${root}/index.html`)
  t.equal(`${status} ${bytes}`, '200 <h1>home</h1>')
  t.equal(headers['content-security-policy'], 'sandbox')
  t.match(headers['cache-control'], /immutable/)
  t.equal((await seen(port, `/ipfs/${root}`)).headers.location, `/ipfs/${root}/`)
  t.equal((await seen(port, `/ipfs/${other}/x.txt`)).status, 403)
  t.equal((await seen(port, '/ipfs/nonsense/x.txt')).status, 404)
  t.equal((await seen(port, '/elsewhere')).status, 404)
})
