import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { encode } from '@ipld/dag-cbor'
import { varint } from 'multiformats'
import { CID } from 'multiformats/cid'
import { type DemoAddress, listenAt, stop } from './demo-listen.ts'
import { type DemoBlock, type DemoFile, DemoTree } from './demo-tree.ts'

const IDENTITY = 0x00
const CAR = 'application/vnd.ipld.car; version=1; order=dfs; dups=y'
const BLOCK = 'application/vnd.ipld.raw'

/**
 * A stand-in for a gateway of IPFS, as https://specs.ipfs.tech/http-gateways/trustless-gateway/ has it: blocks, and CARs of
 * entities with their `entity-bytes`. One that lies flips a bit in the middle of each file.
 */
export class DemoIpfsGateway {
  readonly #tree = new DemoTree()
  readonly #spoilt: ReadonlySet<string>
  readonly #server: Server

  static async start(address: DemoAddress, lies: boolean): Promise<DemoIpfsGateway> {
    const gateway = new DemoIpfsGateway(lies)
    await listenAt(gateway.#server, address)
    return gateway
  }

  private constructor(lies: boolean) {
    const middles = [...this.#tree.files.values()].map(({ node, leaves }) => leaves[leaves.length >> 1] ?? node)
    this.#spoilt = new Set(lies ? middles.map(({ cid }) => `${cid}`) : [])
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  close(): void {
    stop(this.#server)
  }

  #answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://gateway')
    const [, space, id = '', ...names] = pathname.split('/')
    const cid = space === 'ipfs' ? parse(id) : null
    const format = searchParams.get('format')
    const blocks = cid === null ? null : this.#blocksAt(cid, names.filter(Boolean).join('/'), searchParams)
    if (blocks === null) return void response.writeHead(404).end('not here\n')
    if (format === 'raw' && names.length === 0) {
      response.writeHead(200, { 'content-type': BLOCK }).end(this.#told(blocks[0]!))
    } else if (format === 'car') {
      response.writeHead(200, { 'content-type': CAR })
      for (const part of this.#carOf(blocks)) response.write(part)
      response.end()
    } else response.writeHead(406).end('blocks and CARs only\n')
  }

  /** What an answer has, in its order; null: there is no such thing here. */
  #blocksAt(cid: CID, name: string, query: URLSearchParams): readonly DemoBlock[] | null {
    const { root, files } = this.#tree
    // It holds its own bytes: probes ask for the one of none.
    if (cid.multihash.code === IDENTITY) return [{ cid, bytes: cid.multihash.digest }]
    const range = query.get('entity-bytes')
    if (name !== '') {
      const file = cid.equals(root.cid) ? files.get(name) : undefined
      return file === undefined ? null : [root, ...entityOf(file, range)]
    }
    const file = [...files.values()].find(({ node }) => node.cid.equals(cid))
    const block = this.#tree.get(cid)
    if (file !== undefined) return entityOf(file, range)
    return block === undefined ? null : [block]
  }

  *#carOf(blocks: readonly DemoBlock[]): Generator<Uint8Array> {
    const header = encode({ version: 1, roots: [blocks[0]!.cid] })
    yield number(header.length)
    yield header
    for (const block of blocks) {
      yield number(block.cid.bytes.length + block.bytes.length)
      yield block.cid.bytes
      yield this.#told(block)
    }
  }

  #told({ cid, bytes }: DemoBlock): Uint8Array {
    if (!this.#spoilt.has(`${cid}`)) return bytes
    const lie = Buffer.from(bytes)
    const middle = lie.length >> 1
    lie[middle] = lie[middle]! ^ 1
    return lie
  }
}

/** The node of a file, and those of its leaves that have bytes of the range; `range` is `first:last`, `*` for the end. */
function entityOf({ node, leaves }: DemoFile, range: string | null): readonly DemoBlock[] {
  const size = leaves.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const [from = '0', to = '*'] = range?.split(':') ?? []
  const offset = (text: string) => (text.startsWith('-') ? size : 0) + Number(text)
  const [first, last] = [offset(from), to === '*' ? size - 1 : offset(to)]
  let end = 0
  const wanted = leaves.filter(({ bytes }) => {
    end += bytes.length
    return end > first && end - bytes.length <= last
  })
  return [node, ...wanted]
}

function parse(text: string): CID | null {
  try {
    return CID.parse(text)
  } catch {
    return null
  }
}

function number(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}
