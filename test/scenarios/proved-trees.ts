import { createCipheriv } from 'node:crypto'
import { Dag, type DagOptions } from '../helpers/ipfs-dag.ts'
import type { IpfsBehaviour } from '../helpers/ipfs-lies.ts'
import { seededRandom } from '../helpers/random.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Seen, seen } from '../helpers/seen.ts'
import { ipfsGround } from './ipfs-ground.ts'

export interface TreesOptions {
  readonly seed: number
  /** Bytes of the largest file. */
  readonly largest: number
  /** Names in a flat directory, and in a sharded one. */
  readonly names: number
  /** Of each file. */
  readonly ranges: number
  /** One of so many names of the large directories is asked for. 1: all. */
  readonly every: number
  /** One of so many pairs of a tree and gateways is tried. 1: all. */
  readonly pairs: number
}

export interface TreesReport {
  readonly requests: number
  readonly bytes: number
  /** What differed from the source, in words. */
  readonly wrong: readonly string[]
}

const KIB = 1024

/** Ways to make a tree. */
const SHAPES: Readonly<Record<string, DagOptions>> = {
  'CIDv1, raw leaves': {},
  'CIDv0, dag-pb leaves': { cidVersion: 0, rawLeaves: false },
  sharded: { shardSplitThresholdBytes: 1 },
}

/** What the two gateways lack: nothing, CARs, single blocks, or one of them this and the other that. */
const LACKS: readonly (readonly [IpfsBehaviour, IpfsBehaviour])[] = [
  ['honest', 'honest'],
  ['no-car', 'no-car'],
  ['no-raw', 'no-raw'],
  ['no-car', 'no-raw'],
  ['no-dups', 'no-order'],
]

/** Real trees over honest gateways of all kinds: every path by GET, HEAD and ranges is what went into the tree. */
export async function provedTrees(scope: Scope, options: TreesOptions): Promise<TreesReport> {
  const random = seededRandom(options.seed)
  const files = filesOf(options)
  const report: Counted = { requests: 0, bytes: 0, wrong: [] }
  let pair = 0
  for (const [shape, dagOptions] of Object.entries(SHAPES)) {
    const dag = new Dag()
    const root = await dag.add(files, dagOptions)
    const { gateways, port, forgive } = await ipfsGround(scope, dag, { kind: 'id', id: `${root}` })
    for (const [index, lacks] of LACKS.entries()) {
      if (pair++ % options.pairs !== 0) continue
      forgive()
      for (const [at, lack] of lacks.entries()) gateways[at]!.play(lack)
      const paths = Object.keys(files).filter((path, at) => !path.includes('/n') || (at + index) % options.every === 0)
      for (const path of paths) {
        const ranges = path.includes('/n') ? 1 : options.ranges
        const check = new Check(`${shape}, ${lacks}, ${path}`, files[path]!, report)
        const target = `/${path.split('/').map(encodeURIComponent).join('/')}`
        await check.whole(port, target)
        for (let count = 0; count < ranges; count++) await check.range(port, target, random)
      }
    }
  }
  return report
}

interface Counted {
  requests: number
  bytes: number
  readonly wrong: string[]
}

class Check {
  readonly #what: string
  readonly #truth: Uint8Array
  readonly #report: Counted

  constructor(what: string, truth: Uint8Array, report: Counted) {
    this.#what = what
    this.#truth = truth
    this.#report = report
  }

  async whole(port: number, path: string): Promise<void> {
    const { length } = this.#truth
    const got = await seen(port, path)
    this.#expect('GET', got, got.status === 200 && got.end === 'whole' && got.bytes.equals(this.#truth))
    const head = await seen(port, path, {}, 'HEAD')
    const same = ['etag', 'content-type', 'content-length'].every((name) => head.headers[name] === got.headers[name])
    const right = head.status === 200 && head.headers['content-length'] === String(length) && head.bytes.length === 0
    this.#expect('HEAD', head, right && same)
  }

  async range(port: number, path: string, random: () => number): Promise<void> {
    const { length } = this.#truth
    if (length === 0) return
    const [field, first, last] = someRange(length, random)
    const got = await seen(port, path, { range: `bytes=${field}` })
    const told = got.headers['content-range'] === `bytes ${first}-${last}/${length}`
    const right = got.status === 206 && got.end === 'whole' && told
    this.#expect(field, got, right && got.bytes.equals(this.#truth.subarray(first, last + 1)))
  }

  #expect(asked: string, { end, status, bytes }: Seen, right: boolean): void {
    this.#report.requests++
    this.#report.bytes += bytes.length
    if (!right) this.#report.wrong.push(`${this.#what} ${asked}: ${end} ${status} ${bytes.length}`)
  }
}

/** Any, one at the edges of blocks, what comes after a place, or the end. */
function someRange(size: number, random: () => number): readonly [field: string, first: number, last: number] {
  const below = (limit: number) => Math.floor(random() * limit)
  const edge = () => Math.max(0, Math.min(size - 1, below(size / (256 * KIB) + 1) * 256 * KIB + below(3) - 1))
  const first = random() < 0.5 ? below(size) : edge()
  // Most are short, as those of players are.
  const last = Math.min(size - 1, first + Math.floor(size ** random()) - 1)
  const kind = below(10)
  if (kind === 0) return [`${first}-`, first, size - 1]
  if (kind === 1) return [`-${size - first}`, first, size - 1]
  if (kind === 2) return [`${first}-${size + below(1000)}`, first, size - 1]
  return [`${first}-${last}`, first, Math.max(first, last)]
}

function filesOf({ seed, largest, names }: TreesOptions): Record<string, Uint8Array> {
  const leaf = 256 * KIB
  const noise = (size: number) => keystream(size, seed + size)
  const block = noise(leaf)
  const files: Record<string, Uint8Array> = {
    'one.bin': noise(1),
    'empty.css': Buffer.alloc(0),
    'below.js': noise(leaf - 1),
    'exact.png': noise(leaf),
    'above.html': noise(leaf + 1),
    'same.bin': Buffer.concat([block, block, noise(leaf), block, Buffer.alloc(3 * leaf + 5)]),
    'a/b/c/d/deep ü%.txt': noise(3000),
    'large.mp4': noise(largest),
  }
  for (let index = 0; index < names; index++) files[`many/n${index}.txt`] = Buffer.from(`${index} of ${names}`)
  return files
}

/** Bytes that look like noise, the same for each seed, at once. */
function keystream(size: number, seed: number): Buffer {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(seed >>> 0)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}
