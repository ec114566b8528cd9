import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StoredChunk, StoredTransaction } from './arweave-transaction.ts'
import type { Scope } from './scope.ts'

/** Answers that are none, whatever was asked. */
export const NO_ANSWERS = [
  'html',
  'empty',
  'cut',
  'cut-cleanly',
  'reset',
  'stall',
  'huge',
  'not-json',
  'status-302',
  'status-404',
  'status-429',
  'status-451',
  'status-502',
] as const

/** Answers of the right form and the wrong content. */
export const HEADER_LIES = ['forged-root', 'forged-size', 'forged-tags', 'forged-owner', 'other-transaction'] as const
export const OFFSET_LIES = ['wrong-offset', 'offset-of-another', 'wrong-size'] as const
export const CHUNK_LIES = [
  'flip-first',
  'flip-last',
  'other-chunk',
  'swapped-bytes',
  'wrong-path',
  'flip-path',
  'cut-path',
  'rebased-path',
  'chunk-too-large',
  'chunk-too-short',
] as const

export type Resource = 'header' | 'offset' | 'chunk' | 'raw'

/** What a gateway does wrong when it is asked for one kind of resource. */
export interface Lie {
  readonly on: Resource
  readonly what:
    | (typeof NO_ANSWERS)[number]
    | (typeof HEADER_LIES)[number]
    | (typeof OFFSET_LIES)[number]
    | (typeof CHUNK_LIES)[number]
  /** So many answers of this kind are honest before it. Default 0. */
  readonly after?: number
}

export interface ArweaveGatewayOptions {
  /** It knows `/chunk/OFFSET/data`, as AR.IO's do and nodes do not. Default true. */
  readonly binary?: boolean
}

const MIB = 1024 * 1024
const PADDING = 256 * 1024

/** A gateway of Arweave on loopback, with a weave of its own. It is honest until it is told to lie. */
export class ArweaveGateway {
  lie: Lie | null = null
  /** What names of ArNS stand for here; without one there is no such name. */
  readonly names = new Map<string, string>()
  /** Paths in the order of arrival. */
  readonly asked: string[] = []
  /** Called when an answer has begun that never ends. */
  onStall: () => void = () => {}
  readonly #binary: boolean
  readonly #stored: { readonly transaction: StoredTransaction; readonly end: number }[] = []
  readonly #answers = new Map<Resource, number>()
  #weave = 1_000_000 * PADDING
  #url = ''

  constructor({ binary = true }: ArweaveGatewayOptions = {}) {
    this.#binary = binary
  }

  get url(): string {
    return this.#url
  }

  /** Stores transactions one after the other, each from a multiple of 256 KiB on. */
  store(...transactions: readonly StoredTransaction[]): this {
    for (const transaction of transactions) {
      this.#stored.push({ transaction, end: this.#weave + transaction.data.length })
      this.#weave += Math.ceil(transaction.data.length / PADDING) * PADDING
    }
    return this
  }

  /** From the next answer on. */
  lying(lie: Lie | null): this {
    this.lie = lie
    this.#answers.clear()
    return this
  }

  async listen(scope: Scope): Promise<this> {
    const server = createServer((request, response) => {
      this.asked.push(request.url!)
      if (request.url!.startsWith('/raw/'))
        this.#raw(request.url!.slice('/raw/'.length), request.headers.range, response)
      else this.#answer(request.url!, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    scope.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return this
  }

  #answer(path: string, response: ServerResponse): void {
    const [, kind, name, more] = path.split('/')
    if (kind === 'tx' && more === undefined) return this.#header(name!, response)
    if (kind === 'tx' && more === 'offset') return this.#offset(name!, response)
    if (kind === 'chunk' && (more === undefined || (more === 'data' && this.#binary))) {
      return this.#chunk(Number(name), more === 'data', response)
    }
    if (kind === 'ar-io' && name === 'resolver' && this.names.has(more!)) {
      return send(response, 200, JSON.stringify({ txId: this.names.get(more!), ttlSeconds: 60 }))
    }
    send(response, 404, 'Not Found')
  }

  /** All data, or a part: without any proof. */
  #raw(id: string, range: string | undefined, response: ServerResponse): void {
    const data = this.#stored.find(({ transaction }) => transaction.id === id)?.transaction.data
    if (data === undefined) return send(response, 404, 'Not Found')
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
    const lie = this.#lieOn('raw')
    const told = lie === 'flip-last' ? flipped(Buffer.from(data), data.length - 1) : data
    if (first === undefined) return this.#send(response, told, lie)
    const part = told.subarray(Number(first), Number(last) + 1)
    response.setHeader('content-range', `bytes ${first}-${Number(first) + part.length - 1}/${data.length}`)
    response.statusCode = 206
    this.#send(response, part, lie)
  }

  #header(id: string, response: ServerResponse): void {
    const found = this.#stored.find(({ transaction }) => transaction.id === id)
    if (found === undefined) return send(response, 404, 'Not Found')
    const lie = this.#lieOn('header')
    const { header } = found.transaction
    const other = this.#stored.find(({ transaction }) => transaction.id !== id)?.transaction.header ?? header
    const forged: Readonly<Record<string, object>> = {
      'forged-root': { data_root: other.data_root === header.data_root ? 'A'.repeat(43) : other.data_root },
      'forged-size': { data_size: String(Number(header.data_size) + 1) },
      'forged-tags': { tags: [{ name: b64('Content-Type'), value: b64('text/html') }] },
      'forged-owner': { owner: Buffer.alloc(512, 0xa5).toString('base64url') },
      'other-transaction': { ...other, id },
    }
    this.#send(response, JSON.stringify({ ...header, ...forged[lie ?? ''] }), lie)
  }

  #offset(id: string, response: ServerResponse): void {
    const found = this.#stored.find(({ transaction }) => transaction.id === id)
    if (found === undefined) return send(response, 404, 'Not Found')
    const lie = this.#lieOn('offset')
    const other = this.#stored.find(({ transaction }) => transaction.id !== id) ?? found
    const size = found.transaction.data.length + (lie === 'wrong-size' ? 1 : 0)
    const end = lie === 'wrong-offset' ? found.end + PADDING : lie === 'offset-of-another' ? other.end - 1 : found.end
    this.#send(response, JSON.stringify({ size: String(size), offset: String(end) }), lie)
  }

  #chunk(offset: number, binary: boolean, response: ServerResponse): void {
    const found = this.#stored.find(({ transaction, end }) => offset <= end && offset > end - transaction.data.length)
    if (found === undefined) return send(response, 404, 'Not Found')
    const lie = this.#lieOn('chunk')
    const at = offset - (found.end - found.transaction.data.length) - 1
    const { bytes, path } = answerOf(found.transaction, at, lie)
    if (binary) {
      return this.#send(response, bytes, lie, { 'x-arweave-chunk-data-path': path.toString('base64url') })
    }
    const json = { chunk: bytes.toString('base64url'), data_path: path.toString('base64url'), packing: 'unpacked' }
    this.#send(response, JSON.stringify(json), lie)
  }

  #lieOn(resource: Resource): Lie['what'] | null {
    const before = this.#answers.get(resource) ?? 0
    this.#answers.set(resource, before + 1)
    return this.lie?.on === resource && before >= (this.lie.after ?? 0) ? this.lie.what : null
  }

  #send(response: ServerResponse, body: string | Buffer, lie: Lie['what'] | null, fields: object = {}): void {
    const bytes = Buffer.from(body)
    const half = bytes.subarray(0, Math.floor(bytes.length / 2))
    if (lie?.startsWith('status-')) {
      const status = Number(lie.slice('status-'.length))
      response.setHeader('retry-after', '7').setHeader('location', '/elsewhere')
      return send(response, status, bytes)
    }
    // A page of whoever stands before the gateway knows nothing of chunks.
    if (lie !== 'html' && lie !== 'empty') {
      for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
    }
    switch (lie) {
      case 'html':
        return send(response.setHeader('content-type', 'text/html'), 200, '<!doctype html><h1>Welcome</h1>')
      case 'empty':
        return send(response, 200, '')
      case 'not-json':
        return send(response, 200, '{"format":2,')
      case 'cut-cleanly':
        return send(response, 200, half)
      case 'huge':
        return send(response, 200, Buffer.alloc(MIB, ' '))
      case 'cut':
      case 'reset':
        response.writeHead(response.statusCode, { 'content-length': bytes.length }).write(half, () => {
          if (lie === 'cut') response.socket?.end()
          else response.socket?.resetAndDestroy()
        })
        return
      case 'stall':
        response.writeHead(200, { 'content-length': bytes.length }).write(half, () => this.onStall())
        return
      default:
        send(response, response.statusCode, bytes)
    }
  }
}

function answerOf({ data, chunks }: StoredTransaction, at: number, lie: Lie['what'] | null) {
  const index = chunks.findIndex(({ end }) => at < end)
  const right = chunks[index]!
  const wrong = chunks[(index + 1) % chunks.length]!
  const bytesOf = ({ start, end }: StoredChunk) => Buffer.from(data.subarray(start, end))
  const bytes = bytesOf(right)
  switch (lie) {
    case 'flip-first':
      return { bytes: flipped(bytes, 0), path: right.path }
    case 'flip-last':
      return { bytes: flipped(bytes, bytes.length - 1), path: right.path }
    case 'other-chunk':
      return { bytes: bytesOf(wrong), path: wrong.path }
    case 'swapped-bytes':
      return { bytes: bytesOf(wrong), path: right.path }
    case 'wrong-path':
      return { bytes, path: wrong.path }
    case 'flip-path':
      return { bytes, path: flipped(Buffer.from(right.path), right.path.length - 1) }
    case 'cut-path':
      return { bytes, path: right.path.subarray(0, -1) }
    case 'rebased-path':
      return { bytes, path: Buffer.concat([Buffer.alloc(32), right.path]) }
    case 'chunk-too-large':
      return { bytes: Buffer.concat([bytes, Buffer.alloc(PADDING)]), path: right.path }
    case 'chunk-too-short':
      return { bytes: bytes.subarray(0, -1), path: right.path }
    default:
      return { bytes, path: right.path }
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1
  return bytes
}

function send(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body)
}

function b64(text: string): string {
  return Buffer.from(text).toString('base64url')
}
