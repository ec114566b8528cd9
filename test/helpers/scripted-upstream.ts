import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { resetSocket } from '../../src/delivery/reset-socket.ts'
import { parseRequest, type RecordedRequest } from './recorded-request.ts'
import type { Scope } from './scope.ts'
import { until } from './wait.ts'

/**
 * One thing an upstream does after it has read a request: send bytes; `end` (FIN), `reset` (RST), `stall` (never
 * anything more); or wait for a promise. When the steps are used up the connection takes the next request.
 */
export type Step = string | Uint8Array | 'end!' | 'reset!' | 'stall!' | Promise<unknown>

export type Script = (request: RecordedRequest, index: number) => readonly Step[]

/** An upstream that speaks raw bytes, and so can do wrong whatever a script says. */
export interface ScriptedUpstream {
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Each request, in the order of arrival, as its raw bytes and parsed. */
  readonly requests: readonly RecordedRequest[]
  /** Connections accepted so far, and how many of them are open. */
  readonly connections: number
  readonly open: number
  /** How many connections the other side left (FIN or RST) before a script was done with them. */
  readonly abandoned: number
  /** Changes what it does from the next request on. */
  play(script: Script | readonly Step[]): void
  /** Waits until so many requests have come. */
  received(count: number): Promise<RecordedRequest>
  /** Stops listening and resets what is open: the port refuses connections. */
  refuse(): Promise<void>
  /** Listens on the same port again. */
  listen(): Promise<void>
}

export async function scriptedUpstream(scope: Scope, script: Script | readonly Step[]): Promise<ScriptedUpstream> {
  const upstream = new AskedEndpoint(script)
  await upstream.listen()
  scope.teardown(() => upstream.refuse())
  return upstream
}

class AskedEndpoint implements ScriptedUpstream {
  port = 0
  connections = 0
  abandoned = 0
  readonly requests: RecordedRequest[] = []
  #script: Script
  #server: Server | null = null
  readonly #sockets = new Set<Socket>()

  constructor(script: Script | readonly Step[]) {
    this.#script = asScript(script)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get open(): number {
    return this.#sockets.size
  }

  play(script: Script | readonly Step[]): void {
    this.#script = asScript(script)
  }

  async received(count: number): Promise<RecordedRequest> {
    return until(() => this.requests[count - 1], { what: () => `request ${count} of ${this.requests.length}` })
  }

  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
    this.port = (server.address() as { port: number }).port
  }

  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.close()
    for (const socket of this.#sockets) resetSocket(socket)
    await once(server, 'close')
  }

  #accept(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    const connection = new Connection(socket, (request) => {
      this.requests.push(request)
      return this.#script(request, this.requests.length - 1)
    })
    const left = () => {
      if (connection.busy) this.abandoned++
      else socket.end()
      connection.left = true
    }
    socket.on('error', () => {})
    socket.once('end', left)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (!connection.left && connection.busy && !connection.finished) left()
    })
    socket.on('data', (chunk: Buffer) => connection.feed(chunk))
  }
}

class Connection {
  busy = false
  left = false
  /** The script itself has ended the connection. */
  finished = false
  readonly #socket: Socket
  readonly #play: (request: RecordedRequest) => readonly Step[]
  #buffer: Buffer<ArrayBufferLike> = Buffer.alloc(0)

  constructor(socket: Socket, play: (request: RecordedRequest) => readonly Step[]) {
    this.#socket = socket
    this.#play = play
  }

  feed(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    if (!this.busy) void this.#next()
  }

  async #next(): Promise<void> {
    for (let request = this.#take(); request !== null && !this.finished; request = this.#take()) {
      this.busy = true
      for (const step of this.#play(request)) {
        await this.#do(step)
        if (this.finished) return
      }
      this.busy = false
    }
    if (this.#socket.readableEnded && !this.finished) this.#socket.end()
  }

  #take(): RecordedRequest | null {
    const request = parseRequest(this.#buffer)
    if (request !== null) this.#buffer = this.#buffer.subarray(request.raw.length)
    return request
  }

  async #do(step: Step): Promise<void> {
    if (step === 'stall!') return new Promise(() => {})
    if (step === 'end!' || step === 'reset!') return this.#finish(step)
    if (step instanceof Promise) return void (await step)
    if (this.#socket.destroyed || step.length === 0) return
    const bytes = typeof step === 'string' ? Buffer.from(step, 'latin1') : step
    await new Promise((resolve) => this.#socket.write(bytes, resolve))
  }

  #finish(step: 'end!' | 'reset!'): void {
    this.finished = true
    this.busy = false
    if (step === 'end!') this.#socket.end()
    else this.#socket.resetAndDestroy()
  }
}

function asScript(script: Script | readonly Step[]): Script {
  return typeof script === 'function' ? script : () => script
}
