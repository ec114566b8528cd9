import type { CID } from 'multiformats/cid'
import t from 'tap'
import { IpfsProof } from '../../../src/providers/ipfs/ipfs-proof.ts'
import { ProofError, UpstreamStatus } from '../../../src/providers/proof.ts'
import { Dag } from '../../helpers/ipfs-dag.ts'
import { type IpfsGateway, ipfsGateway } from '../../helpers/ipfs-gateway.ts'
import { IPFS_LIES, type IpfsBehaviour } from '../../helpers/ipfs-lies.ts'
import { ipfsUpstream } from '../../helpers/ipfs-upstream.ts'
import { fetchFile } from './support/fetch-file.ts'
import { noise } from './support/noise.ts'

const FILES = {
  'one.txt': Buffer.from('x'),
  'two.bin': noise(5000, 1),
  'some/deep/file.bin': noise(300_000, 2),
  'same.bin': Buffer.alloc(200_000),
}

/** Lies that are told to every request, by CAR and by single block. A page or a status is no lie about bytes. */
const CORRUPT: readonly IpfsBehaviour[] = ['flip-first', 'flip-middle', 'flip-last', 'other-block', 'wrong-root']

/** What ends in an answer all the same, from a gateway whose blocks are honest one by one. */
const REPAIRED: readonly IpfsBehaviour[] = ['huge-varint', 'append', 'end-early', 'cut', 'big-block']

t.test('a gateway that lies is found out, and the next one goes on', async (t) => {
  const dag = new Dag()
  const root = await dag.add(FILES, { chunkSize: 10_000, shardSplitThresholdBytes: 1 })
  const [liar, honest] = [await ipfsGateway(t, dag), await ipfsGateway(t, dag)]
  const upstreams = [ipfsUpstream(t, liar.url), ipfsUpstream(t, honest.url)]
  for (const lie of IPFS_LIES) {
    liar.play(lie)
    for (const [name, content] of Object.entries(FILES)) {
      const fetched = await fetchFile(new IpfsProof({ root, path: `/${name}` }), upstreams)
      t.ok(fetched.bytes.equals(content), `${lie} ${name}: the bytes are exact`)
      if (CORRUPT.includes(lie)) t.match(fetched.failures, [{ fault: 'corrupt' }], `${lie} ${name}: is a lie`)
    }
  }
})

t.test('no byte of a liar comes out where nobody else answers', async (t) => {
  const dag = new Dag()
  const root = await dag.add(FILES, { chunkSize: 10_000 })
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  for (const lie of IPFS_LIES) {
    gateway.play(lie)
    for (const [name, content] of Object.entries(FILES)) {
      const { bytes, error } = await readAll(root, name, upstream)
      t.ok(content.subarray(0, bytes.length).equals(bytes), `${lie} ${name}: what came out is the beginning`)
      t.equal(error === null, bytes.length === content.length, `${lie} ${name}: an end that is no end is thrown`)
    }
  }
})

t.test('a CAR that breaks is repaired by single blocks of the same gateway', async (t) => {
  const dag = new Dag()
  const root = await dag.add(FILES, { chunkSize: 10_000 })
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  const repaired: readonly IpfsBehaviour[] = [
    ...REPAIRED.filter((lie) => lie !== 'cut'),
    'html',
    'empty',
    'lacks-block',
  ]
  for (const lie of repaired) {
    gateway.play(({ kind }) => (kind === 'car' ? lie : 'honest'))
    for (const [name, content] of Object.entries(FILES)) {
      const { bytes, failures } = await fetchFile(new IpfsProof({ root, path: `/${name}` }), [upstream])
      t.ok(bytes.equals(content), `${lie} ${name}`)
      t.same(failures, [])
    }
  }
})

t.test('true blocks that are not those of the DAG are a lie; true ones out of order cost requests', async (t) => {
  const dag = new Dag()
  const root = await dag.add(FILES, { chunkSize: 10_000 })
  const [gateway, honest] = [await ipfsGateway(t, dag), await ipfsGateway(t, dag)]
  const upstreams = [ipfsUpstream(t, gateway.url), ipfsUpstream(t, honest.url)]
  for (const [lie, failures] of [
    ['extra-blocks', [{ fault: 'corrupt' }]],
    ['wrong-root', [{ fault: 'corrupt' }]],
    ['swap', []],
  ] as const) {
    gateway.play(({ kind }) => (kind === 'car' ? lie : 'honest'))
    const fetched = await fetchFile(new IpfsProof({ root, path: '/some/deep/file.bin' }), upstreams)
    t.ok(fetched.bytes.equals(FILES['some/deep/file.bin']), lie)
    t.equal(fetched.failures.length, failures.length, lie)
    t.match(fetched.failures, failures, lie)
  }
})

const ANSWERS: readonly (readonly [IpfsBehaviour, unknown])[] = [
  ['404', { fault: 'not-found' }],
  ['410', { fault: 'blocked' }],
  ['429', { status: 429, retryAfter: '7' }],
  ['502', { status: 502 }],
  ['redirect', { status: 302 }],
  ['html', { fault: 'unproved' }],
  ['empty', { fault: 'unproved' }],
  ['wrong-type', { fault: 'unproved' }],
]

t.test('answers that are none are told apart', async (t) => {
  const dag = new Dag()
  const root = await dag.add(FILES)
  const gateway = await ipfsGateway(t, dag)
  const upstream = ipfsUpstream(t, gateway.url)
  for (const [behaviour, expected] of ANSWERS) {
    gateway.play(behaviour)
    const error = await rejection(new IpfsProof({ root, path: '/two.bin' }).locate(upstream, { first: 0, last: null }))
    t.match(error, expected as object, behaviour)
    t.ok(error instanceof ProofError || error instanceof UpstreamStatus)
  }
})

t.test('a stall throws what the upstream threw, and the next endpoint goes on from there', async (t) => {
  const dag = new Dag()
  const content = noise(2_000_000, 3)
  const root = await dag.add({ 'a.bin': content })
  const [slow, honest] = [await ipfsGateway(t, dag, 'stall-middle'), await ipfsGateway(t, dag)]
  const upstreams = [ipfsUpstream(t, slow.url, 50), ipfsUpstream(t, honest.url)]
  const { bytes, failures } = await fetchFile(new IpfsProof({ root, path: '/a.bin' }), upstreams)
  t.ok(bytes.equals(content))
  t.match(failures, [{ code: 'UND_ERR_BODY_TIMEOUT' }])
  t.match(asked(honest), [/^\/ipfs\/bafy\w+\?format=car&.*&entity-bytes=786432:\*$/], 'only what was missing')
})

t.test('one object from an HTML page, a 504, a cut and a lie', async (t) => {
  const dag = new Dag()
  const content = noise(3_000_000, 4)
  const root = await dag.add({ 'a.bin': content }, { chunkSize: 100_000 })
  const behaviours: readonly IpfsBehaviour[] = ['html', '502', 'cut', 'flip-last', 'honest']
  const gateways = await Promise.all(behaviours.map((behaviour) => ipfsGateway(t, dag, behaviour)))
  const upstreams = gateways.map(({ url }) => ipfsUpstream(t, url))
  const { bytes, failures } = await fetchFile(new IpfsProof({ root, path: '/a.bin' }), upstreams)
  t.ok(bytes.equals(content))
  t.equal(failures.length, 4)
})

function asked({ requests }: IpfsGateway): string[] {
  return requests.map(({ target }) => target)
}

async function readAll(root: CID, name: string, upstream: ReturnType<typeof ipfsUpstream>) {
  const parts: Uint8Array[] = []
  let error: unknown = null
  try {
    const located = await new IpfsProof({ root, path: `/${name}` }).locate(upstream, { first: 0, last: null })
    if (located.kind === 'object') for await (const part of located.read(0, located.size - 1)) parts.push(part)
  } catch (caught) {
    error = caught
  }
  return { bytes: Buffer.concat(parts), error }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error) => error,
  )
}
