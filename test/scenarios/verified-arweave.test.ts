import t from 'tap'
import { NameService } from '../../src/names/name-service.ts'
import { arweaveManifest } from '../helpers/arweave-transaction.ts'
import { seen } from '../helpers/seen.ts'
import { KIB } from '../providers/arweave/support.ts'
import { arweaveGround, arweaveLiars, exact, large, page, small, tree } from './arweave-ground.ts'
import { lieMatrix } from './lie-matrix.ts'

t.test('whatever the first gateway says, the client gets the true bytes, and no others', async (t) => {
  const { answers, wrong } = await lieMatrix(await arweaveLiars(t), { liars: 1, every: 3 })
  t.same(wrong, [])
  t.ok(answers > 70, `${answers} answers`)
})

t.test('where both lie no wrong byte comes, and nothing that looks complete', async (t) => {
  const { answers, refused, wrong } = await lieMatrix(await arweaveLiars(t), { liars: 2, every: 4 })
  t.same(wrong, [])
  t.ok(refused > answers / 2, `${refused} of ${answers} are failures that a client sees`)
})

t.test('ranges, HEAD, conditions, index pages and what is not there', async (t) => {
  const { gateways, port } = await arweaveGround(t, { kind: 'id', id: tree.id })
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
  const { gateways, services, port } = await arweaveGround(t, { kind: 'arns', name: 'my-site' }, 3)
  const other = await arweaveManifest({ 'one.txt': page.id })
  const names = () => {
    const unread = () => Promise.reject(new Error('nobody asks for it'))
    services.proofs = services.newProofs(
      new NameService({ now: Date.now, txt: unread, onStale: () => {}, onLookUp: () => {} }),
    )
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
  const { port } = await arweaveGround(t, { kind: 'path', allow: new Set([tree.id]), denied: null })
  const { status, headers, bytes } = await seen(port, `/${tree.id}/index.html`)
  t.equal(`${status} ${bytes}`, '200 <h1>home</h1>')
  t.equal(headers['content-security-policy'], 'sandbox')
  t.match(headers['cache-control'], /immutable/)
  t.ok((await seen(port, `/${tree.id}/deep/er/large.mp4`)).bytes.equals(large.data))
  t.equal((await seen(port, `/${large.id}`)).status, 403)
  t.equal((await seen(port, '/nonsense/x.txt')).status, 404)
})
