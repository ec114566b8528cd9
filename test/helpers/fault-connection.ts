import { type Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AnswerSocket, sendAnswer, write } from './fault-answer.ts'
import type { Fault } from './faults.ts'
import { parseRequest, type RecordedRequest } from './recorded-request.ts'

/** What a connection asks of its proxy. */
export interface ConnectionOwner {
  readonly fault: Fault | null
  readonly edge: string
  readonly agent: Agent
  chunked(request: RecordedRequest): boolean
  /** A request has come; the number says how many there were before. */
  seen(request: RecordedRequest): number
  /** The other side left while an answer was due. */
  left(): void
}

const SERVER_ERRORS = [500, 502, 503, 504]
/** Nothing, ever: the fault is silence. */
const SILENT = new Set<Fault | null>(['half-open', 'end-and-listen'])

/** One connection to a fault proxy: takes requests one after the other, asks the edge, and answers with the fault. */
export class FaultConnection {
  readonly #to: AnswerSocket
  readonly #owner: ConnectionOwner
  #buffer: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  #busy = false
  #over = false
  #edge: IncomingMessage | null = null

  constructor(to: AnswerSocket, owner: ConnectionOwner) {
    this.#to = to
    this.#owner = owner
    const { socket } = to
    socket.on('data', (chunk: Buffer) => this.#feed(chunk))
    socket.on('error', () => {})
    socket.once('end', () => this.#onGone())
    socket.once('close', () => this.#onGone())
  }

  /** No answer is due. */
  get idle(): boolean {
    return !this.#busy
  }

  #feed(chunk: Buffer): void {
    if (SILENT.has(this.#owner.fault)) {
      this.#busy = true
      return
    }
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    if (!this.#busy) void this.#serve()
  }

  async #serve(): Promise<void> {
    for (let next = this.#take(); next !== null; next = this.#take()) {
      this.#busy = true
      const again = await this.#answer(next, this.#owner.seen(next)).catch(() => {
        this.#to.reset()
        return false
      })
      if (!again) return
      this.#busy = false
    }
  }

  #take(): RecordedRequest | null {
    const found = parseRequest(this.#buffer)
    if (found !== null) this.#buffer = this.#buffer.subarray(found.raw.length)
    return found
  }

  async #answer(asked: RecordedRequest, index: number): Promise<boolean> {
    const { fault } = this.#owner
    const { socket } = this.#to
    switch (fault) {
      case 'reset-before-headers':
        this.#to.reset()
        return this.#end()
      case 'end-before-headers':
        socket.end()
        return this.#end()
      case 'garbage':
        await write(socket, '\x16\x03\x01 this is not HTTP\r\n\r\n')
        socket.end()
        return this.#end()
      case 'server-errors':
        await write(socket, serverError(SERVER_ERRORS[index % SERVER_ERRORS.length]!, asked.method))
        return true
      case 'interim-flood':
        return this.#flood()
    }
    this.#edge = await ask(this.#owner, asked)
    if (fault === 'stall-before-headers') return false
    const options = { method: asked.method, fault, chunked: this.#owner.chunked(asked) }
    const end = await sendAnswer(this.#to, this.#edge, options)
    if (end === 'over') this.#end()
    return end === 'next'
  }

  async #flood(): Promise<false> {
    while (!this.#to.socket.destroyed && !this.#over) {
      await write(this.#to.socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n'.repeat(20))
      await sleep(20)
    }
    return false
  }

  /** The fault itself has ended the connection, so that the other side is not the one that left. */
  #end(): false {
    this.#over = true
    this.#busy = false
    return false
  }

  #onGone(): void {
    this.#edge?.destroy()
    if (!this.#over && this.#busy) this.#owner.left()
    this.#over = true
    this.#busy = false
    // A client that sends FIN wants no more: gateways never half-close towards an upstream.
    this.#to.socket.destroy()
  }
}

function serverError(status: number, method: string): string {
  const body = 'broken\n'
  return `HTTP/1.1 ${status} Storm\r\nContent-Length: ${body.length}\r\n\r\n${method === 'HEAD' ? '' : body}`
}

function ask({ edge, agent }: ConnectionOwner, { method, target, fields, body }: RecordedRequest) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const headers = fields.filter(([name]) => !/^(connection|keep-alive|content-length|transfer-encoding)$/i.test(name))
    const { hostname, port } = new URL(edge)
    const sent = request({ hostname, port, method, path: target, headers: headers.flat(), agent }, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}
