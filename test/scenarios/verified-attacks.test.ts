import { hash } from 'node:crypto'
import { encode, prepare } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import t from 'tap'
import { parseDenylist } from '../../src/providers/index.ts'
import { ipfsGateway } from '../helpers/ipfs-gateway.ts'
import { seen } from '../helpers/seen.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'
import { ipfsGround, ipfsTree } from './ipfs-ground.ts'
import { manifestGround, signed } from './manifest-ground.ts'

t.test('a path gateway of two networks asks each for what it can have', async (t) => {
  const { dag, root } = await ipfsTree()
  const gateway = await ipfsGateway(t, dag)
  const endpoints = (['arweave', 'ipfs'] as const).map((provider) =>
    endpoint(gateway.url, { cdn: cdn(provider, { provider, trust: false }) }),
  )
  const route = { proves: true, unfit: [null, null] }
  const open = { kind: 'path' as const, allow: null, denied: null }
  const closed = { ...open, allow: new Set<string>() }
  const proved = site({ endpoints, policy: policy({ fallback: 'none' }), route })
  const content = { complete: false, ipfs: open, arweave: open }
  const { port } = await front(t, testServices(t, { sites: [{ ...proved, content }] }))
  t.equal(`${(await seen(port, `/ipfs/${root}/index.html`)).bytes}`, '<h1>home</h1>')
  t.equal((await seen(port, `/${'a'.repeat(42)}A/x`)).status, 502, 'the other is asked for a transaction')
  t.ok(gateway.requests.at(-1)!.target.startsWith('/tx/'))
  const shut = { complete: false, ipfs: closed, arweave: open }
  const other = await front(t, testServices(t, { sites: [{ ...proved, content: shut }] }))
  t.equal((await seen(other.port, `/ipfs/${root}/index.html`)).status, 403, 'not: no such path of Arweave')
})

t.test('what a deny list names is not served, whatever leads to it', async (t) => {
  const { dag, root } = await ipfsTree()
  const [bad, good] = [await dag.add({ '': Buffer.from('bad') }), await dag.add({ '': Buffer.from('good') })]
  const data = new UnixFS({ type: 'directory' }).marshal()
  const links = Object.entries({ bad, good, tree: root }).map(([Name, Hash]) => ({ Name, Tsize: 1, Hash }))
  const bytes = encode(prepare({ Data: data, Links: links }))
  const wrapped = CID.createV1(0x70, create(0x12, hash('sha256', bytes, 'buffer')))
  dag.put(wrapped, bytes)
  const denied = parseDenylist(`/ipfs/${bad}\n/ipfs/${root}/docs/index.html\n`).list
  const ipfs = { kind: 'path' as const, allow: null, denied }
  const { gateways, port, services } = await ipfsGround(t, dag, ipfs)
  services.proofs = services.newProofs({ ipfs: async () => `/ipfs/${bad}`, arns: async () => '' })
  for (const [path, status] of [
    [`/ipfs/${bad}`, 410],
    [`/ipfs/${wrapped}/bad`, 410],
    [`/ipfs/${wrapped}/good`, 200],
    [`/ipfs/${root}/docs/index.html`, 410],
    [`/ipfs/${root}/docs/`, 410],
    [`/ipfs/${wrapped}/tree/docs/`, 410],
    [`/ipfs/${root}/`, 200],
    ['/ipns/example.com', 410],
  ] as const) {
    t.equal((await seen(port, path)).status, status, path)
  }
  t.same(gateways[1]!.requests, [], 'the next is not asked for it')
})

t.test('each request that a proof takes is metered', async (t) => {
  const { dag, root } = await ipfsTree()
  const { gateways, port, services } = await ipfsGround(t, dag, { kind: 'id', id: `${root}` })
  gateways[0]!.play('no-car')
  await seen(port, '/deep/er/large.bin')
  await services.ended(1)
  t.ok(gateways[0]!.requests.length > 20)
  t.match(services.meter.take(), [{ cdn: 'a', requests: gateways[0]!.requests.length }])
})

t.test('what the manifest alone answers says nothing of a CDN, and costs nothing', async (t) => {
  const { servers, endpoints, services, port } = await manifestGround(t)
  await seen(port, '/large.bin', {}, 'HEAD')
  await seen(port, '/large.bin', { range: 'bytes=99999999-' })
  await services.ended(2)
  t.same(servers[0]!.requests, [])
  t.equal(services.board.lastSuccess(endpoints[0]!), Number.NEGATIVE_INFINITY)
  t.equal(services.board.p95(endpoints[0]!), null)
  t.same(services.meter.take(), [])
  await seen(port, '/one.bin')
  await services.ended(3)
  t.not(services.board.lastSuccess(endpoints[0]!), Number.NEGATIVE_INFINITY)
})

t.test('a CDN that gets the new bytes while the old ones are looked for is not ejected', async (t) => {
  const { servers, endpoints, services, port } = await manifestGround(t)
  const [old, fresh] = ['old', 'new'].map((text) => new Map([['/a.txt', Buffer.from(text)]])) as [Files, Files]
  services.manifests.put(signed(fresh, 2), signed(old, 1), Number.POSITIVE_INFINITY)
  servers[1]!.files = old
  let asked = 0
  servers[0]!.files = { get: (path: string) => (asked++ === 0 ? old : fresh).get(path) } as Files
  const { status, bytes } = await seen(port, '/a.txt')
  t.equal(`${status} ${bytes}`, '200 old')
  t.equal(asked, 2)
  t.equal(services.board.standing(endpoints[0]!, services.current().snapshot.policies[0]!), 'healthy')
})

t.test('no query of a visitor makes a liar of an endpoint', async (t) => {
  for (const [trust, asked] of [
    [false, 'GET /one.bin'],
    [true, 'GET /one.bin?format=other'],
  ] as const) {
    const { servers, port } = await manifestGround(t, { trust })
    t.equal((await seen(port, '/one.bin?format=other')).status, 200)
    t.same(servers[0]!.requests, [asked])
  }
})

type Files = Map<string, Buffer>
