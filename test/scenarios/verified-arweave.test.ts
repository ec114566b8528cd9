import t, { type Test } from 'tap'
import type { ContentReference } from '../../src/config/content.ts'
import { NameService } from '../../src/names/name-service.ts'
import {
  ArweaveGateway,
  CHUNK_LIES,
  HEADER_LIES,
  type Lie,
  NO_ANSWERS,
  OFFSET_LIES,
  type Resource,
} from '../helpers/arweave-gateway.ts'
import { arweaveManifest, arweaveTransaction } from '../helpers/arweave-transaction.ts'
import { seen } from '../helpers/seen.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'
import { bytesOf, KIB } from '../providers/arweave/support.ts'

const small = await arweaveTransaction(bytesOf(1), { 'Content-Type': 'text/plain' })
const exact = await arweaveTransaction(bytesOf(256 * KIB), { 'Content-Type': 'image/png' })
const large = await arweaveTransaction(bytesOf(1000 * KIB + 7), { 'Content-Type': 'video/mp4' })
const page = await arweaveTransaction(Buffer.from('<h1>home</h1>'), { 'Content-Type': 'text/html' })
const paths = { 'one.txt': small.id, 'exact.png': exact.id, 'deep/er/large.mp4': large.id, 'index.html': page.id }
const tree = await arweaveManifest(paths, { index: { path: 'index.html' } })
const STORED = [small, exact, large, page, tree]

const FILES = new Map([
  ['/one.txt', small],
  ['/exact.png', exact],
  ['/deep/er/large.mp4', large],
])

const RESOURCES: readonly Resource[] = ['header', 'offset', 'chunk']
const LIES: readonly Lie[] = [
  ...NO_ANSWERS.flatMap((what) => RESOURCES.map((on) => ({ on, what }))),
  ...HEADER_LIES.map((what) => ({ on: 'header' as const, what })),
  ...OFFSET_LIES.map((what) => ({ on: 'offset' as const, what })),
  ...CHUNK_LIES.map((what) => ({ on: 'chunk' as const, what })),
  // The first chunks, of the path manifest and of the object, are true.
  ...[...CHUNK_LIES, ...NO_ANSWERS].map((what) => ({ on: 'chunk' as const, what, after: 3 })),
]

const OFTEN_FALSE: readonly string[] = ['flip-first', 'flip-last', 'forged-root', 'forged-size', 'forged-owner']

/** A gateway in front of these of Arweave, the first one first. */
async function ground(t: Test, arweave: ContentReference, count = 2) {
  const gateways = Array.from({ length: count }, () => new ArweaveGateway().store(...STORED))
  for (const gateway of gateways) await gateway.listen(t)
  const endpoints = gateways.map(({ url }, index) =>
    endpoint(url, { cdn: cdn('abcde'[index]!, { provider: 'arweave', trust: false }) }),
  )
  const quick = { perTryTimeout: 200, timeout: 600, bodyIdleTimeout: 200, budgetPercent: 100, budgetPerSecond: 1000 }
  const route = { proves: true, unfit: endpoints.map(() => null) }
  const proved = site({ endpoints, policy: policy({ fallback: 'none' }, quick), route })
  const services = testServices(t, { sites: [{ ...proved, content: { complete: false, ipfs: null, arweave } }] })
  const { port } = await front(t, services)
  const forgive = () => {
    services.board.retain([])
    services.board.retain(endpoints)
    services.proofs = services.newProofs()
  }
  const standing = (index: number) => services.board.standing(endpoints[index]!, proved.routes[0]!.policy)
  return { gateways, services, port, forgive, standing }
}

/** Who is silent costs a time-out each. */
function filesFor({ what }: Lie) {
  return what === 'stall' ? [...FILES].slice(-1) : [...FILES]
}

t.test('whatever the first gateway says, the client gets the true bytes, and no others', async (t) => {
  const { gateways, port, forgive, standing } = await ground(t, { kind: 'id', id: tree.id })
  const wrong: string[] = []
  for (const lie of LIES) {
    for (const [path, { data, id }] of filesFor(lie)) {
      forgive()
      gateways[0]!.lying(lie)
      const { end, status, bytes, headers } = await seen(port, path)
      const what = `${lie.on} ${lie.what} after ${lie.after ?? 0}, ${path}: ${end} ${status} ${bytes.length}`
      if (end !== 'whole' || status !== 200 || !bytes.equals(data)) wrong.push(what)
      if (headers.etag !== `"${id}"`) wrong.push(`${what} ${headers.etag}`)
      const caught = lie.after === undefined && OFTEN_FALSE.includes(lie.what)
      if (caught && standing(0) !== 'corrupt') wrong.push(`${what}: ${standing(0)}`)
    }
  }
  t.same(wrong, [])
})

t.test('where both lie no wrong byte comes, and nothing that looks complete', async (t) => {
  const { gateways, port, forgive } = await ground(t, { kind: 'id', id: tree.id })
  const wrong: string[] = []
  let refused = 0
  for (const lie of LIES) {
    for (const [path, { data }] of filesFor(lie)) {
      forgive()
      for (const gateway of gateways) gateway.lying(lie)
      const { end, status, bytes } = await seen(port, path)
      const good =
        status === 200
          ? bytes.equals(end === 'whole' ? data : data.subarray(0, bytes.length))
          : status >= 502 && status <= 504
      if (!good) wrong.push(`${lie.on} ${lie.what} after ${lie.after ?? 0}, ${path}: ${end} ${status} ${bytes.length}`)
      if (end !== 'whole' || status !== 200) refused++
    }
  }
  t.same(wrong, [])
  t.ok(refused > LIES.length, `${refused} failures that a client sees`)
})

t.test('ranges, HEAD, conditions, index pages and what is not there', async (t) => {
  const { gateways, port } = await ground(t, { kind: 'id', id: tree.id })
  const { data, id } = large
  for (const [first, last] of [
    [0, 0],
    [256 * KIB - 1, 256 * KIB],
    [300_000, 900_000],
    [data.length - 1, data.length - 1],
  ]) {
    const { status, bytes, headers } = await seen(port, '/deep/er/large.mp4', { range: `bytes=${first}-${last}` })
    t.equal(`${status} ${headers['content-range']}`, `206 bytes ${first}-${last}/${data.length}`)
    t.ok(bytes.equals(data.subarray(first, last! + 1)))
  }
  t.equal(gateways[0]!.asked.filter((path) => path.startsWith('/chunk')).length, 8, 'the chunks with the range alone')
  const suffix = await seen(port, '/deep/er/large.mp4', { range: 'bytes=-5' })
  t.ok(suffix.bytes.equals(data.subarray(-5)))
  const head = await seen(port, '/deep/er/large.mp4', {}, 'HEAD')
  t.equal(
    `${head.status} ${head.headers['content-length']} ${head.headers['content-type']}`,
    `200 ${data.length} video/mp4`,
  )
  t.equal((await seen(port, '/deep/er/large.mp4', { 'if-none-match': `"${id}"` })).status, 304)
  t.equal(`${(await seen(port, '/')).bytes}`, '<h1>home</h1>')
  t.equal((await seen(port, '/missing')).status, 404, 'the manifest shows that there is no such path')
})

t.test('a name stands for what most of three gateways say', async (t) => {
  const { gateways, services, port } = await ground(t, { kind: 'arns', name: 'my-site' }, 3)
  const other = await arweaveManifest({ 'one.txt': page.id })
  const names = () => {
    const unread = () => Promise.reject(new Error('nobody asks for it'))
    services.proofs = services.newProofs(new NameService({ now: Date.now, txt: unread, onStale: () => {} }))
  }
  const say = (...ids: readonly (string | null)[]) => {
    names()
    for (const [index, id] of ids.entries()) {
      gateways[index]!.names.delete('my-site')
      if (id !== null) gateways[index]!.names.set('my-site', id)
    }
  }
  say(other.id, tree.id, tree.id)
  const { status, bytes } = await seen(port, '/one.txt')
  t.ok(status === 200 && bytes.equals(small.data), 'the first alone says otherwise')
  say(null, tree.id, tree.id)
  t.ok((await seen(port, '/exact.png')).bytes.equals(exact.data))
  say(other.id, tree.id, page.id)
  t.equal((await seen(port, '/one.txt')).status, 502, 'no two agree')
  say(null, null, tree.id)
  t.equal((await seen(port, '/one.txt')).status, 502, 'most say that there is no such name, which proves nothing')
})

t.test('a path gateway: listed content only, in a sandbox, under names that never change', async (t) => {
  const { port } = await ground(t, { kind: 'path', allow: new Set([tree.id]), denyList: null })
  const { status, headers, bytes } = await seen(port, `/${tree.id}/index.html`)
  t.equal(`${status} ${bytes}`, '200 <h1>home</h1>')
  t.equal(headers['content-security-policy'], 'sandbox')
  t.match(headers['cache-control'], /immutable/)
  t.ok((await seen(port, `/${tree.id}/deep/er/large.mp4`)).bytes.equals(large.data))
  t.equal((await seen(port, `/${large.id}`)).status, 403)
  t.equal((await seen(port, '/nonsense/x.txt')).status, 404)
})
