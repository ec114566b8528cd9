import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseResponses, type RawResponse } from './raw-response.ts'
import type { Scope } from './scope.ts'
import { until } from './wait.ts'

/** How the other side left: not yet, with FIN (a clean end), or with RST (a visible abort). */
export type ConnectionEnd = 'open' | 'fin' | 'reset'

/** A socket that sends any bytes and keeps all bytes it gets: for pipelining, malformed requests, half-closed clients. */
export class RawClient {
  readonly socket: Socket
  /** Everything received. */
  bytes: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  end: ConnectionEnd = 'open'

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk])
    })
    socket.on('end', () => {
      if (this.end === 'open') this.end = 'fin'
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.end === 'open') this.end = 'reset'
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') this.#odd = error
    })
  }

  #odd: Error | null = null

  get text(): string {
    return this.bytes.toString('latin1')
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  /** Sends FIN and still reads: a half-closed client. */
  halfClose(): this {
    this.socket.end()
    return this
  }

  /** Leaves with RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  close(): void {
    this.socket.destroy()
  }

  /** Waits for the other side to leave, and tells how. */
  async ended(timeout = 10_000): Promise<'fin' | 'reset'> {
    await until(() => this.end !== 'open', { timeout, what: () => `the end of the connection, after ${this.#got()}` })
    if (this.#odd !== null) throw this.#odd
    return this.end === 'fin' ? 'fin' : 'reset'
  }

  /** Waits until what came contains the text. */
  async received(text: string, timeout = 10_000): Promise<void> {
    await until(() => this.text.includes(text), { timeout, what: () => `${JSON.stringify(text)} in ${this.#got()}` })
  }

  /** Waits for so many complete answers to requests of these methods (default GET). 1xx answers are kept apart. */
  async responses(count: number, methods: readonly string[] = [], timeout = 10_000): Promise<RawResponse[]> {
    const parse = () => parseResponses(this.bytes, { methods, ended: this.end === 'fin' })
    const what = () => `${count} answers in ${this.#got()}`
    const look = () => {
      const found = parse()
      return found.length >= count ? found.slice(0, count) : this.end !== 'open' && 'gone'
    }
    const found = await until(look, { timeout, what })
    if (found === 'gone') throw new Error(`the connection ended (${this.end}) before ${what()}`)
    return found
  }

  #got(): string {
    return JSON.stringify(this.text.slice(0, 2000))
  }
}

export interface Target {
  readonly port: number
  readonly host?: string
}

export async function rawClient(scope: Scope, target: Target): Promise<RawClient> {
  const socket = connect({ port: target.port, host: target.host ?? '127.0.0.1', allowHalfOpen: true, noDelay: true })
  scope.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return new RawClient(socket)
}

/** Sends the bytes and collects what comes until the other side leaves. */
export async function rawExchange(scope: Scope, target: Target, bytes: string | Uint8Array): Promise<RawClient> {
  const client = await rawClient(scope, target)
  client.send(bytes)
  await client.ended()
  client.close()
  return client
}
