import { balanced, trickle } from 'ipfs-unixfs-importer/layout'
import t from 'tap'
import { IpfsProof } from '../../../src/providers/ipfs/ipfs-proof.ts'
import { Dag, type DagOptions } from '../../helpers/ipfs-dag.ts'
import { ipfsGateway } from '../../helpers/ipfs-gateway.ts'
import type { IpfsBehaviour } from '../../helpers/ipfs-lies.ts'
import { ipfsUpstream } from '../../helpers/ipfs-upstream.ts'
import { seededRandom } from '../../helpers/random.ts'
import { fetchFile } from './support/fetch-file.ts'
import { noise } from './support/noise.ts'

const K = 1024
const random = seededRandom(7)

const FILES = {
  'one.txt': Buffer.from('x'),
  'empty.css': Buffer.alloc(0),
  'below.bin': noise(256 * K - 1, 11),
  'exact.js': noise(256 * K, 7),
  'above.png': noise(256 * K + 1, 11),
  'zeros.bin': Buffer.alloc(1024 * K + 17),
  'a/b/c/deep.html': noise(400 * K, 7),
  'a b/ü%.txt': Buffer.from('names'),
  'docs/index.html': Buffer.from('<h1>docs</h1>'),
  'index.html': Buffer.from('<h1>home</h1>'),
}

const SHAPES: Readonly<Record<string, DagOptions>> = {
  'CIDv1, raw leaves': {},
  'CIDv0, dag-pb leaves': { cidVersion: 0, rawLeaves: false },
  'wrapped single leaves': { reduceSingleLeafToSelf: false, rawLeaves: false, leafType: 'raw' },
  'leaves of 8 KiB': { chunkSize: 8 * K, layout: balanced({ maxChildrenPerNode: 30 }) },
  trickle: { chunkSize: 16 * K, layout: trickle({ maxChildrenPerNode: 4 }) },
  sharded: { shardSplitThresholdBytes: 1, chunkSize: 64 * K },
  'sharded by 16': { shardSplitThresholdBytes: 1, shardFanoutBits: 4 },
}

const HONEST: readonly IpfsBehaviour[] = ['honest', 'no-car', 'no-raw', 'no-dups', 'no-order', 'whole-entity']

for (const [shape, options] of Object.entries(SHAPES)) {
  t.test(`every file and range of a tree: ${shape}`, async (t) => {
    const dag = new Dag()
    const root = await dag.add(FILES, options)
    const gateway = await ipfsGateway(t, dag)
    const upstream = ipfsUpstream(t, gateway.url)
    for (const behaviour of HONEST) {
      gateway.play(behaviour)
      for (const [name, content] of Object.entries(FILES)) {
        const path = `/${name.split('/').map(encodeURIComponent).join('/')}`
        const whole = await fetchFile(new IpfsProof({ root, path }), [upstream])
        t.ok(whole.bytes.equals(content), `${behaviour} ${name}`)
        t.equal(whole.object.size, content.length)
        for (let count = 0; count < 1 && content.length > 0; count++) {
          const first = Math.floor(random() * content.length)
          const last = first + Math.floor(random() * (content.length - first))
          const part = await fetchFile(new IpfsProof({ root, path }), [upstream], { first, last })
          t.ok(part.bytes.equals(content.subarray(first, last + 1)), `${behaviour} ${name} ${first}-${last}`)
          const tail = await fetchFile(new IpfsProof({ root, path }), [upstream], { first: -first, last: null })
          t.ok(tail.bytes.equals(content.subarray(-first)), `${behaviour} ${name} -${first}`)
        }
      }
    }
  })
}
