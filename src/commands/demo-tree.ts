import { createHash } from 'node:crypto'
import { type ByteView, createNode, encode, type PBLink } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

export interface DemoBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** A file as IPFS has it: `node` names `leaves`, or is the only leaf itself. */
export interface DemoFile {
  readonly node: DemoBlock
  readonly leaves: readonly DemoBlock[]
}

const SHA2_256 = 0x12
const RAW = 0x55
const DAG_PB = 0x70
const LEAF = 64 * 1024
const LINES = 10_000

const INDEX = `<!doctype html>
<meta charset="utf-8">
<title>polycdn</title>
<h1>Every byte of this page was proved</h1>
<p>Two gateways of IPFS have it, and one of them lies. See also <a href="lines.txt">lines.txt</a>, of several blocks.</p>
`

/** The tree of UnixFS that the demo serves: the same bytes each time, so its root stands in the configuration. */
export class DemoTree {
  readonly root: DemoBlock
  readonly files: ReadonlyMap<string, DemoFile>
  readonly #blocks = new Map<string, DemoBlock>()

  constructor() {
    this.files = new Map([
      ['index.html', this.#file(Buffer.from(INDEX))],
      ['lines.txt', this.#file(Buffer.from(linesOf(LINES)))],
    ])
    const links = [...this.files].map(([name, { node, leaves }]) => linkTo(node, sizeOf(node, leaves), name))
    this.root = this.#node(new UnixFS({ type: 'directory' }), links)
  }

  get(cid: CID): DemoBlock | undefined {
    return this.#blocks.get(`${cid}`)
  }

  #file(content: Uint8Array): DemoFile {
    if (content.length <= LEAF) return { node: this.#keep(RAW, content), leaves: [] }
    const leaves: DemoBlock[] = []
    for (let at = 0; at < content.length; at += LEAF) leaves.push(this.#keep(RAW, content.subarray(at, at + LEAF)))
    const file = new UnixFS({ type: 'file', blockSizes: leaves.map(({ bytes }) => BigInt(bytes.length)) })
    const links = leaves.map((leaf) => linkTo(leaf, leaf.bytes.length, ''))
    return { node: this.#node(file, links), leaves }
  }

  #node(unixfs: UnixFS, links: PBLink[]): DemoBlock {
    return this.#keep(DAG_PB, encode(createNode(unixfs.marshal(), links)))
  }

  #keep(codec: number, bytes: Uint8Array | ByteView<unknown>): DemoBlock {
    const digest = createDigest(SHA2_256, createHash('sha256').update(bytes).digest())
    const block = { cid: CID.createV1(codec, digest), bytes }
    this.#blocks.set(`${block.cid}`, block)
    return block
  }
}

function linkTo({ cid }: DemoBlock, Tsize: number, Name: string): PBLink {
  return { Hash: cid, Tsize, Name }
}

function sizeOf(node: DemoBlock, leaves: readonly DemoBlock[]): number {
  return [node, ...leaves].reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function linesOf(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `line ${index + 1} of ${count}, and every byte of it is proved\n`,
  ).join('')
}
