import t from 'tap'
import type { AskedEndpoint } from '../../../src/providers/proof.ts'
import { ArweaveGateway, type ArweaveGatewayOptions } from '../../helpers/arweave-gateway.ts'
import { arweaveManifest, arweaveTransaction, type StoredTransaction } from '../../helpers/arweave-transaction.ts'
import { LoopbackUpstream } from '../../helpers/loopback-upstream.ts'
import { seededRandom } from '../../helpers/random.ts'
import type { Scope } from '../../helpers/scope.ts'
import { allOf, bytesOf, faultOf, KIB, MapMemory, objectAt, proofOf } from './support.ts'

const CHUNK = 256 * KIB
const SIZES = [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5 * KIB, 5 * CHUNK + 77]
const files = await Promise.all(SIZES.map((size) => arweaveTransaction(bytesOf(size), { 'Content-Type': 'image/png' })))
const page = await arweaveTransaction(Buffer.from('<h1>'), { 'Content-Type': 'text/html; charset=utf-8' })
const site = await arweaveManifest(
  { 'index.html': page.id, 'a/big.png': files.at(-1)!.id },
  { index: { path: 'index.html' } },
)

async function serving(scope: Scope, options: ArweaveGatewayOptions, ...stored: readonly StoredTransaction[]) {
  const gateway = await new ArweaveGateway(options).store(...stored).listen(scope)
  return { gateway, upstream: new LoopbackUpstream(scope, gateway.url) }
}

for (const binary of [true, false]) {
  t.test(`whole objects and ranges, ${binary ? 'with' : 'without'} binary chunks`, async (t) => {
    const { upstream } = await serving(t, { binary }, ...files)
    const random = seededRandom(3)
    for (const { id, data } of files) {
      const proof = proofOf(id)
      const { size, type, etag, immutable, read } = await objectAt(proof, upstream)
      t.match(
        { size, type, etag, immutable },
        { size: data.length, type: 'image/png', etag: `"${id}"`, immutable: true },
      )
      t.ok(data.equals(await allOf(read(0, size - 1))))
      for (let round = 0; round < 6; round++) {
        const first = Math.floor(random() * size)
        const last = first + Math.floor(random() * (size - first))
        const range = await allOf((await objectAt(proof, upstream)).read(first, last))
        t.ok(data.subarray(first, last + 1).equals(range), `${first} to ${last} of ${size}`)
      }
    }
    t.equal(upstream.open, 0, 'nothing is left behind')
  })
}

t.test('only the chunks of a range are asked for', async (t) => {
  const { gateway, upstream } = await serving(t, {}, files.at(-1)!)
  const object = await objectAt(proofOf(files.at(-1)!.id), upstream)
  await allOf(object.read(CHUNK + 5, 2 * CHUNK + 5))
  t.equal(gateway.asked.filter((path) => path.startsWith('/chunk/')).length, 2)
})

t.test('a site: what its manifest has, and proved absence of what it has not', async (t) => {
  const { gateway, upstream } = await serving(t, {}, site, page, ...files)
  const memory = new MapMemory()
  const at = (path: string) => proofOf(site.id, path, memory).locate(upstream, 'none')
  t.match(await at('/'), { kind: 'object', type: 'text/html; charset=utf-8', etag: `"${page.id}"`, size: 4 })
  t.match(await at('/a/big.png'), { kind: 'object', type: 'image/png', size: SIZES.at(-1) })
  const asked = gateway.asked.length
  t.same(await at('/none.js'), { kind: 'absent', status: 404 })
  t.match(await at('/index.html'), { kind: 'object', etag: `"${page.id}"` })
  t.equal(gateway.asked.length, asked, 'what is known is not asked for again')
})

t.test('a transaction that is no manifest has no paths below it', async (t) => {
  const { upstream } = await serving(t, {}, page)
  t.same(await proofOf(page.id, '/x').locate(upstream, 'none'), { kind: 'absent', status: 404 })
  t.match(await proofOf(page.id, '/').locate(upstream, 'none'), { kind: 'object' })
})

t.test('what lies in a bundle is not proved, nor what is stored encoded or is no manifest', async (t) => {
  const gzip = await arweaveTransaction(bytesOf(9), { 'Content-Encoding': 'gzip' })
  const bad = await arweaveTransaction(bytesOf(9), { 'Content-Type': 'application/x.arweave-manifest+json' })
  const odd = await arweaveTransaction(bytesOf(9), { 'Content-Type': 'text/html\r\nx-evil: 1' })
  const { upstream } = await serving(t, {}, site, gzip, bad, odd)
  t.equal(await faultOf(proofOf('A'.repeat(43)).locate(upstream, 'none')), 'not-found')
  t.equal(await faultOf(proofOf(site.id, '/').locate(upstream, 'none')), 'not-found')
  t.equal(await faultOf(proofOf(gzip.id).locate(upstream, 'none')), 'unproved')
  t.equal(await faultOf(proofOf(bad.id).locate(upstream, 'none')), 'unproved')
  t.match(await proofOf(odd.id).locate(upstream, 'none'), { type: null })
})

t.test('the next endpoint is asked only for what is missing', async (t) => {
  const big = files.at(-1)!
  const first = await serving(t, {}, site, big)
  const second = await serving(t, { binary: false }, page, site, big)
  first.gateway.lie = { on: 'chunk', what: 'flip-last', after: 3 }
  const proof = proofOf(site.id, '/a/big.png')
  const received: Uint8Array[] = []
  const read = async (upstream: AskedEndpoint, from: number) => {
    const object = await objectAt(proof, upstream)
    for await (const unit of object.read(from, object.size - 1)) received.push(unit)
  }
  t.equal(await faultOf(read(first.upstream, 0)), 'corrupt')
  const so = Buffer.concat(received).length
  t.ok(so >= CHUNK, 'something came before the lie')
  await read(second.upstream, so)
  t.ok(big.data.equals(Buffer.concat(received)))
  t.notOk(second.gateway.asked.some((path) => path === `/tx/${site.id}` || path === `/tx/${big.id}`))
})

t.test('whoever stops reading leaves nothing open', async (t) => {
  const big = files.at(-1)!
  const { upstream } = await serving(t, {}, big)
  for await (const unit of (await objectAt(proofOf(big.id), upstream)).read(0, big.data.length - 1)) {
    t.ok(unit.length > 0)
    break
  }
  const object = await objectAt(proofOf(big.id), upstream)
  object.discard()
})
