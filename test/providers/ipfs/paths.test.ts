import { hash } from 'node:crypto'
import { encode, prepare } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import t from 'tap'
import { IpfsProof } from '../../../src/providers/ipfs/ipfs-proof.ts'
import { murmur3x64 } from '../../../src/providers/ipfs/murmur3.ts'
import { Dag } from '../../helpers/ipfs-dag.ts'
import { ipfsGateway } from '../../helpers/ipfs-gateway.ts'
import { ipfsUpstream } from '../../helpers/ipfs-upstream.ts'
import { fetchFile } from './support/fetch-file.ts'
import { noise } from './support/noise.ts'

const ALL = { first: 0, last: null }

t.test('names in a sharded directory are found, and others proved absent', async (t) => {
  const names = Array.from({ length: 600 }, (_, index) => `file-${index}.txt`)
  const dag = new Dag()
  const files = Object.fromEntries(names.map((name) => [`d/${name}`, Buffer.from(name)]))
  const root = await dag.add(files, { shardSplitThresholdBytes: 2000 })
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  for (const name of names.filter((_, index) => index % 20 === 0)) {
    const { bytes, object } = await fetchFile(new IpfsProof({ root, path: `/d/${name}` }), [upstream])
    t.equal(bytes.toString(), name)
    t.equal(object.type, 'text/plain; charset=utf-8')
    const absent = await new IpfsProof({ root, path: `/d/no-${name}` }).locate(upstream, ALL)
    t.same(absent, { kind: 'absent', status: 404 })
  }
})

const SITE = {
  'index.html': Buffer.from('home'),
  'docs/index.html': Buffer.from('docs'),
  'docs/a b.txt': Buffer.from('a b'),
  'plain/x.css': Buffer.from('x{}'),
  '404.html': Buffer.from('nothing here'),
  'app.html': Buffer.from('app'),
  _redirects: Buffer.from(
    [
      '# rules of the site',
      '/old        /docs/        # moved',
      '/go/:who    https://example.com/:who 302',
      '/r/*        /docs/:splat  308',
      '/app/*      /app.html     200',
      '/gone       /404.html     410',
      '/lost       /missing.html 451',
      '/*          /404.html     404',
    ].join('\n'),
  ),
}

interface Expected {
  readonly kind: string
  readonly status?: number
  readonly location?: string
  readonly body?: string
}

const PATHS: readonly (readonly [path: string, rules: boolean, expected: Expected])[] = [
  ['', true, { kind: 'redirect', status: 301, location: '/m/' }],
  ['/', true, { kind: 'object', body: 'home' }],
  ['/docs/', true, { kind: 'object', body: 'docs' }],
  ['//docs//a%20b.txt', true, { kind: 'object', body: 'a b' }],
  ['/docs', true, { kind: 'redirect', status: 301, location: '/m/docs/' }],
  ['//docs', true, { kind: 'redirect', status: 301, location: '/m/docs/' }],
  ['/plain/', false, { kind: 'absent', status: 404 }],
  ['/index.html/', false, { kind: 'absent', status: 404 }],
  ['/index.html/x', false, { kind: 'absent', status: 404 }],
  ['/docs%2Findex.html', true, { kind: 'absent', status: 404 }],
  ['/%00', true, { kind: 'absent', status: 404 }],
  ['/%', true, { kind: 'absent', status: 404 }],
  ['/%2e%2e/x', true, { kind: 'absent', status: 404 }],
  ['/nothing', false, { kind: 'absent', status: 404 }],
  ['/nothing', true, { kind: 'object', status: 404, body: 'nothing here' }],
  ['/plain/', true, { kind: 'object', status: 404, body: 'nothing here' }],
  ['/old', true, { kind: 'redirect', status: 301, location: '/m/docs/' }],
  ['/go/a%0d%0ab', true, { kind: 'redirect', status: 302, location: 'https://example.com/a%0D%0Ab' }],
  ['/r/%5Cevil.com/x', true, { kind: 'redirect', status: 308, location: '/m/docs/%5Cevil.com/x' }],
  ['/app/a/b', true, { kind: 'object', body: 'app' }],
  ['/gone', true, { kind: 'object', status: 410, body: 'nothing here' }],
  ['/lost', true, { kind: 'absent', status: 451 }],
]

t.test('directories, index pages and rules of a site', async (t) => {
  const dag = new Dag()
  for (const options of [{}, { shardSplitThresholdBytes: 1 }]) {
    const root = await dag.add(SITE, options)
    const gateway = await ipfsGateway(t, dag)
    const upstream = ipfsUpstream(t, gateway.url)
    for (const [path, rules, { body, ...expected }] of PATHS) {
      const located = await new IpfsProof({ root, path, rules, mount: '/m' }).locate(upstream, ALL)
      t.match(located, expected, path)
      if (located.kind !== 'object') continue
      const parts: Uint8Array[] = []
      for await (const part of located.read(0, located.size - 1)) parts.push(part)
      t.equal(Buffer.concat(parts).toString(), body, path)
      t.equal(located.status, expected.status, path)
    }
  }
})

t.test('a root that is a file, of every hash and in a CID itself', async (t) => {
  const dag = new Dag()
  const content = Buffer.from('alone')
  const { blake3 } = await import('@noble/hashes/blake3.js')
  const hashes = [
    create(0x12, hash('sha256', content, 'buffer')),
    create(0x13, hash('sha512', content, 'buffer')),
    create(0x1e, blake3(content)),
    create(0x00, content),
  ]
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  for (const digest of hashes) {
    const root = CID.createV1(0x55, digest)
    dag.put(root, content)
    for (const path of ['', '/']) {
      const { bytes, object } = await fetchFile(new IpfsProof({ root, path }), [upstream])
      t.ok(bytes.equals(content))
      t.match(object, { etag: `"${root}"`, type: null, size: 5, immutable: true })
    }
    for (const path of ['/x', '/x/']) {
      const below = await new IpfsProof({ root, path }).locate(upstream, ALL)
      t.same(below, { kind: 'absent', status: 404 }, 'a file has no names in it')
    }
  }
})

function node(dag: Dag, data: UnixFS, links: readonly CID[]): CID {
  const Links = links.map((Hash, index) => ({ Name: data.isDirectory() ? `${index}` : '', Tsize: 1, Hash }))
  const bytes = encode(prepare({ Data: data.marshal(), Links }))
  const cid = CID.createV1(0x70, create(0x12, hash('sha256', bytes, 'buffer')))
  dag.put(cid, bytes)
  return cid
}

t.test('trees that contradict themselves give no wrong byte, and are nobody`s lie', async (t) => {
  const dag = new Dag()
  const leaf = await dag.add({ '': Buffer.from('12345') })
  const file = (sizes: bigint[], data?: Buffer) =>
    new UnixFS({ type: 'file', blockSizes: sizes, ...(data && { data }) })
  let deep = leaf
  for (let depth = 0; depth < 40; depth++) deep = node(dag, file([5n]), [deep])
  const bad: readonly (readonly [string, CID, string])[] = [
    ['a child shorter than said', node(dag, file([6n]), [leaf]), 'unproved'],
    ['a child longer than said', node(dag, file([4n, 1n]), [leaf, leaf]), 'unproved'],
    ['more links than sizes', node(dag, file([5n]), [leaf, leaf]), 'unproved'],
    ['a size beyond all bounds', node(dag, file([2n ** 63n]), [leaf]), 'too-large'],
    ['a symbolic link', node(dag, new UnixFS({ type: 'symlink', data: Buffer.from('/etc') }), []), 'unproved'],
    ['metadata', node(dag, new UnixFS({ type: 'metadata', data: Buffer.from('x') }), []), 'unproved'],
    ['too deep', deep, 'too-large'],
    [
      'endless empty blocks',
      node(dag, file([...Array(2000).fill(0n), 5n]), [
        ...Array(2000).fill(await dag.add({ '': Buffer.alloc(0) })),
        leaf,
      ]),
      'too-large',
    ],
  ]
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  for (const behaviour of ['honest', 'no-car'] as const) {
    gateway.play(behaviour)
    for (const [what, root, fault] of bad) {
      const failed = await fetchFile(new IpfsProof({ root, path: '' }), [upstream]).catch((error) => error)
      t.match(failed.errors, [{ fault }], `${behaviour}: ${what}`)
    }
  }
})

t.test('two entries of one name are nobody`s lie, whichever of them a gateway follows', async (t) => {
  const dag = new Dag()
  const [one, other] = [await dag.add({ '': Buffer.from('one') }), await dag.add({ '': Buffer.from('other') })]
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  const twice = (data: UnixFS, names: readonly string[], [first, second]: readonly CID[]) => {
    const Links = names.map((Name, index) => ({ Name, Tsize: 1, Hash: index === 0 ? first! : second! }))
    const bytes = encode(prepare({ Data: data.marshal(), Links }))
    const cid = CID.createV1(0x70, create(0x12, hash('sha256', bytes, 'buffer')))
    dag.put(cid, bytes)
    return cid
  }
  const shard = new UnixFS({ type: 'hamt-sharded-directory', hashType: 0x22n, fanout: 256n, data: Buffer.from([1]) })
  // murmur3-x64-64 of `x` begins with this byte.
  const slot = (murmur3x64(Buffer.from('x')) >> 56n).toString(16).toUpperCase().padStart(2, '0')
  for (const order of [
    [one, other],
    [other, one],
  ]) {
    for (const root of [
      twice(new UnixFS({ type: 'directory' }), ['x', 'x'], order),
      twice(shard, [`${slot}x`, `${slot}x`], order),
      twice(shard, [slot, `${slot}x`], order),
    ]) {
      const failed = await fetchFile(new IpfsProof({ root, path: '/x' }), [upstream]).catch((error) => error)
      t.match(failed.errors, [{ fault: 'unproved' }])
    }
  }
})

t.test('any number of blocks that are in their own CIDs may be in a CAR or not', async (t) => {
  const dag = new Dag()
  const leaf = CID.createV1(0x55, create(0x00, Buffer.from('abc')))
  const last = await dag.add({ '': Buffer.from('the end') })
  const sizes = [...Array(200).fill(3n), 7n]
  const root = node(dag, new UnixFS({ type: 'file', blockSizes: sizes }), [...Array(200).fill(leaf), last])
  const upstream = ipfsUpstream(t, (await ipfsGateway(t, dag)).url)
  const { bytes, failures } = await fetchFile(new IpfsProof({ root, path: '' }), [upstream])
  t.equal(bytes.toString(), `${'abc'.repeat(200)}the end`)
  t.same(failures, [])
})

t.test('what one endpoint has proved is not asked of the next', async (t) => {
  const dag = new Dag()
  const root = await dag.add({ 'a/b.bin': Buffer.alloc(700_000, 1), 'a/small.txt': Buffer.from('s') })
  const [first, second] = [await ipfsGateway(t, dag), await ipfsGateway(t, dag)]
  const upstreams = [ipfsUpstream(t, first.url), ipfsUpstream(t, second.url)]
  const proof = new IpfsProof({ root, path: '/a/b.bin' })
  const head = await proof.locate(upstreams[0]!, 'none')
  t.match(head, { kind: 'object', size: 700_000 })
  t.match(first.requests, [{ target: /\/a\/b\.bin\?.*entity-bytes=0:0$/ }])
  await proof.locate(upstreams[1]!, 'none')
  t.equal(second.requests.length, 0, 'HEAD needs no second answer')
  const { bytes } = await fetchFile(proof, [upstreams[1]!], { first: 300_000, last: 300_009 })
  t.equal(bytes.length, 10)
  t.match(second.requests, [{ target: /^\/ipfs\/bafy\w+\?.*entity-bytes=300000:300009$/ }])
})

t.test('other bytes than those that came along are asked for anew', async (t) => {
  const dag = new Dag()
  const content = Buffer.alloc(3_000_000, 'abcdefg')
  const root = await dag.add({ 'a.bin': content })
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  const located = await new IpfsProof({ root, path: '/a.bin' }).locate(upstream, ALL)
  const parts: Uint8Array[] = []
  if (located.kind === 'object') for await (const part of located.read(2_000_000, 2_000_001)) parts.push(part)
  t.ok(Buffer.concat(parts).equals(content.subarray(2_000_000, 2_000_002)))
  t.match(gateway.requests, [{ target: /a\.bin/ }, { target: /entity-bytes=2000000:2000001$/ }])
})

t.test('two endpoints may be asked at once', async (t) => {
  const dag = new Dag()
  const root = await dag.add({ 'a/b/c/d.bin': Buffer.alloc(600_000, 1), 'x.txt': Buffer.from('x') })
  const gateways = [await ipfsGateway(t, dag), await ipfsGateway(t, dag, 'no-car')]
  const upstreams = gateways.map(({ url }) => ipfsUpstream(t, url))
  const proof = new IpfsProof({ root, path: '/a/b/c/d.bin' })
  const located = await Promise.all(upstreams.map((upstream) => proof.locate(upstream, ALL)))
  for (const object of located) {
    t.match(object, { kind: 'object', size: 600_000 })
    let bytes = 0
    if (object.kind === 'object') for await (const part of object.read(0, 599_999)) bytes += part.length
    t.equal(bytes, 600_000)
  }
})

t.test('a file of 20 MiB, whole and in ranges', async (t) => {
  const dag = new Dag()
  const content = noise(20 * 1024 * 1024, 20)
  const root = await dag.add({ '': content })
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  const whole = await fetchFile(new IpfsProof({ root, path: '' }), [upstream])
  t.ok(whole.bytes.equals(content))
  for (const first of [0, 1, 262_143, 262_144, 7_000_000, content.length - 1]) {
    const last = Math.min(content.length - 1, first + 300_000)
    const { bytes } = await fetchFile(new IpfsProof({ root, path: '' }), [upstream], { first, last })
    t.ok(bytes.equals(content.subarray(first, last + 1)), `${first}`)
  }
})
