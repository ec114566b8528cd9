import { randomBytes } from 'node:crypto'
import t from 'tap'
import { Exposition } from '../helpers/exposition.ts'
import { Dag } from '../helpers/ipfs-dag.ts'
import { ipfsGateway } from '../helpers/ipfs-gateway.ts'
import type { IpfsBehaviour } from '../helpers/ipfs-lies.ts'
import { seen } from '../helpers/seen.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'
import { CHUNK, FILES, ipfsGround, ipfsLiars, ipfsTree } from './ipfs-ground.ts'
import { lieMatrix } from './lie-matrix.ts'

t.test('whatever the first gateway does, the client gets the true bytes, and no others', async (t) => {
  const { answers, wrong } = await lieMatrix(await ipfsLiars(t), { liars: 1, every: 2 })
  t.same(wrong, [])
  t.ok(answers > 70, `${answers} answers`)
})

t.test('where both lie no wrong byte comes, and nothing that looks complete', async (t) => {
  const { answers, refused, wrong } = await lieMatrix(await ipfsLiars(t), { liars: 2, every: 4 })
  t.same(wrong, [])
  t.ok(refused > answers / 3, `${refused} of ${answers} are failures that a client sees`)
})

t.test('ranges, HEAD, index pages, slashes and what is not there', async (t) => {
  const { dag, root } = await ipfsTree()
  const { gateways, port, services } = await ipfsGround(t, dag, { kind: 'id', id: `${root}` })
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
  const { dag, root } = await ipfsTree()
  const other = await dag.add({ 'x.txt': Buffer.from('not listed') })
  const { port } = await ipfsGround(t, dag, { kind: 'path', allow: new Set([`${root}`]), denied: null })
  const { status, headers, bytes } = await seen(port, `/ipfs/${root}/index.html`)
  t.equal(`${status} ${bytes}`, '200 <h1>home</h1>')
  t.equal(headers['content-security-policy'], 'sandbox')
  t.match(headers['cache-control'], /immutable/)
  t.equal((await seen(port, `/ipfs/${root}`)).headers.location, `/ipfs/${root}/`)
  t.equal((await seen(port, `/ipfs/${other}/x.txt`)).status, 403)
  t.equal((await seen(port, '/ipfs/nonsense/x.txt')).status, 404)
  t.equal((await seen(port, '/elsewhere')).status, 404)
})
