import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encode } from '@ipld/dag-cbor'
import { varint } from 'multiformats'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import type { Dag, DagBlock } from './ipfs-dag.ts'
import { type IpfsBehaviour, lieInBlock, lieInCar } from './ipfs-lies.ts'
import type { Scope } from './scope.ts'

export interface IpfsRequest {
  readonly kind: 'car' | 'raw' | 'other'
  /** As it was sent. */
  readonly target: string
  readonly accept: string
}

export type IpfsScript = (request: IpfsRequest, index: number) => IpfsBehaviour

/** A trustless gateway on loopback that serves a DAG as CARs and blocks, and lies as it is told to. */
export interface IpfsGateway {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  readonly requests: readonly IpfsRequest[]
  /** Changes what it does from the next request on. */
  play(script: IpfsScript | IpfsBehaviour): void
}

export async function ipfsGateway(
  scope: Scope,
  dag: Dag,
  script: IpfsScript | IpfsBehaviour = 'honest',
): Promise<IpfsGateway> {
  const gateway = new Gateway(dag, script)
  await gateway.listen()
  scope.teardown(() => gateway.close())
  return gateway
}

class Gateway implements IpfsGateway {
  port = 0
  readonly requests: IpfsRequest[] = []
  readonly #dag: Dag
  readonly #server: Server
  #script: IpfsScript

  constructor(dag: Dag, script: IpfsScript | IpfsBehaviour) {
    this.#dag = dag
    this.#script = asScript(script)
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      // A client that leaves ends nothing but its own answer.
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  play(script: IpfsScript | IpfsBehaviour): void {
    this.#script = asScript(script)
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  async #answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(url, 'http://gateway')
    const accept = headers.accept ?? ''
    const format = searchParams.get('format')
    const kind = format === 'raw' || format === 'car' ? format : 'other'
    const request: IpfsRequest = { kind, target: url, accept }
    const behaviour = this.#script(request, this.requests.push(request) - 1)
    if (notAnAnswer(response, behaviour)) return
    const [, , root = '', ...names] = pathname.split('/').map(decodeURIComponent)
    const blocks = this.#dag.resolve(parse(root), names.filter(Boolean))
    if (blocks === null || kind === 'other') return plain(response, kind === 'other' ? 406 : 404, 'no such thing')
    if (behaviour === `no-${kind}`) return plain(response, 406, 'not offered')
    if (kind === 'raw') return sendBlock(response, blocks.at(-1)!, behaviour)
    const range = behaviour === 'whole-entity' ? null : searchParams.get('entity-bytes')
    await this.#sendCar(response, blocks, range, behaviour)
  }

  async #sendCar(
    response: ServerResponse,
    path: readonly DagBlock[],
    range: string | null,
    behaviour: IpfsBehaviour,
  ): Promise<void> {
    const end = path.at(-1)!
    const [first, last] = parseRange(range, this.#dag.size(end.cid))
    const all = [...path.slice(0, -1), ...this.#dag.entity(end.cid, first, last)]
    const once = new Set<string>()
    const sent = behaviour === 'no-dups' ? all.filter(({ cid }) => !once.has(`${cid}`) && once.add(`${cid}`)) : all
    const parameters = behaviour === 'no-order' ? '' : `; order=dfs${behaviour === 'no-dups' ? '' : '; dups=y'}`
    const type =
      behaviour === 'wrong-type' ? 'application/octet-stream' : `application/vnd.ipld.car; version=1${parameters}`
    response.writeHead(200, { 'content-type': type })
    await sendParts(response, carParts(lieInCar(sent, behaviour), path[0]!.cid, behaviour), behaviour)
  }
}

/** What says nothing of the content. */
function notAnAnswer(response: ServerResponse, behaviour: IpfsBehaviour): boolean {
  if (behaviour === 'stall') return true
  if (behaviour === 'html') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>Gateway</title>')
  } else if (behaviour === 'empty') response.writeHead(200).end()
  else if (behaviour === 'redirect') response.writeHead(302, { location: 'http://127.0.0.1:9/elsewhere' }).end()
  else if (/^\d+$/.test(behaviour)) {
    if (behaviour === '429') response.setHeader('retry-after', '7')
    plain(response, Number(behaviour), 'no')
  } else return false
  return true
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
}

async function sendBlock(response: ServerResponse, { bytes }: DagBlock, behaviour: IpfsBehaviour): Promise<void> {
  const told = lieInBlock(bytes, behaviour)
  const type = behaviour === 'wrong-type' ? 'application/octet-stream' : 'application/vnd.ipld.raw'
  const lie = behaviour === 'wrong-type' ? Buffer.alloc(told.length, 'file') : told
  // An end that is too early looks like one only where no length was said.
  const length = behaviour === 'end-early' ? {} : { 'content-length': told.length }
  response.writeHead(200, { 'content-type': type, ...length })
  await sendParts(response, [lie], behaviour)
}

/** A CAR in pieces: the header, then each section's length with its CID, and its bytes. */
function* carParts(blocks: readonly DagBlock[], root: CID, behaviour: IpfsBehaviour): Generator<Uint8Array> {
  const header = encode({ version: 1, roots: [root] })
  yield Buffer.concat([number(header.length), header])
  const middle = blocks.length >> 1
  for (const [index, { cid, bytes }] of blocks.entries()) {
    if (behaviour === 'huge-varint' && index === middle) yield Buffer.alloc(64, 0xff)
    yield Buffer.concat([number(cid.bytes.length + bytes.length), cid.bytes])
    yield bytes
  }
  if (behaviour === 'append') yield Buffer.from('\n<p>Served by a gateway</p>')
}

async function sendParts(
  response: ServerResponse,
  parts: Iterable<Uint8Array>,
  behaviour: IpfsBehaviour,
): Promise<void> {
  const early = behaviour === 'cut' || behaviour === 'end-early' || behaviour === 'stall-middle'
  const all = early ? half([...parts]) : parts
  for (const part of all) {
    const pieces = behaviour === 'drip' ? drops(part) : [part]
    for (const piece of pieces) {
      if (response.destroyed) return
      if (!response.write(piece)) await drained(response)
      if (behaviour === 'drip') await new Promise(setImmediate)
    }
  }
  if (behaviour === 'stall-middle') return
  if (behaviour === 'cut') response.destroy()
  else response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

/** All of them but the second half of the bytes. */
function half(parts: readonly Uint8Array[]): Uint8Array[] {
  let left = parts.reduce((sum, { length }) => sum + length, 0) >> 1
  const kept: Uint8Array[] = []
  for (const part of parts) {
    if (left > 0) kept.push(part.subarray(0, left))
    left -= part.length
  }
  return kept
}

function* drops(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1021) yield bytes.subarray(at, at + 1021)
}

function number(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}

function parseRange(text: string | null, size: number): [first: number, last: number] {
  const [from = '0', to = '*'] = text?.split(':') ?? []
  const at = (value: number) => (value < 0 ? size + value : value)
  return [Math.max(0, at(Number(from))), to === '*' ? Number.POSITIVE_INFINITY : at(Number(to))]
}

function parse(text: string): CID {
  return text.startsWith('k') ? CID.parse(text, base36) : CID.parse(text)
}

function asScript(script: IpfsScript | IpfsBehaviour): IpfsScript {
  return typeof script === 'function' ? script : () => script
}
