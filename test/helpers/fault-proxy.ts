import { once } from 'node:events'
import { Agent } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { type CertificateName, certificate } from './certificates.ts'
import { type ConnectionOwner, FaultConnection } from './fault-connection.ts'
import { type Fault, TLS_FAULTS } from './faults.ts'
import { freePort } from './port.ts'
import type { RecordedRequest } from './recorded-request.ts'
import type { Scope } from './scope.ts'

export interface FaultProxyOptions {
  /** `http://127.0.0.1:PORT` of a real server. */
  readonly edge: string
  /** Default: no fault. A TLS fault makes it a TLS listener. */
  readonly fault?: Fault | null
  readonly tls?: boolean
  /** Whether the body of this answer is sent in chunks, without its length. Default: never. */
  readonly chunked?: (request: RecordedRequest) => boolean
}

/** A proxy on loopback in front of a real edge, with one fault or none. TLS certificates come from `certificates.ts`. */
export interface FaultProxy {
  readonly port: number
  /** What a gateway is to dial; a name that does not exist while the fault is `unresolvable`. */
  readonly url: string
  readonly fault: Fault | null
  /** Connections accepted so far, and how many of them are open. */
  readonly connections: number
  readonly open: number
  /** The requests' methods and targets, `GET /x`, in the order of arrival. Silent faults read none. */
  readonly requests: readonly string[]
  /** Connections that the other side left while an answer was due. */
  readonly abandoned: number
  /** From the next connection or request on. `refuse` also resets what is open. */
  set(fault: Fault | null): Promise<void>
  /** Closes the connections that wait for a next request. */
  closeIdle(): void
}

export async function faultProxy(scope: Scope, options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new Proxying(options)
  await proxy.begin()
  scope.teardown(() => proxy.close())
  return proxy
}

class Proxying implements FaultProxy, ConnectionOwner {
  port = 0
  fault: Fault | null
  connections = 0
  abandoned = 0
  readonly requests: string[] = []
  readonly edge: string
  readonly agent = new Agent({ keepAlive: true })
  readonly #tls: boolean
  readonly #chunked: (request: RecordedRequest) => boolean
  readonly #sockets = new Map<Socket, FaultConnection | null>()
  #server: Server | null = null

  constructor({ edge, fault = null, tls, chunked = () => false }: FaultProxyOptions) {
    this.edge = edge
    this.fault = fault
    this.#tls = tls ?? (fault !== null && TLS_FAULTS.includes(fault))
    this.#chunked = chunked
  }

  get url(): string {
    const host = this.fault === 'unresolvable' ? 'no-such-edge.invalid' : '127.0.0.1'
    return `${this.#tls ? 'https' : 'http'}://${host}:${this.port}`
  }

  get open(): number {
    return this.#sockets.size
  }

  chunked(request: RecordedRequest): boolean {
    return this.#chunked(request)
  }

  seen({ method, target }: RecordedRequest): number {
    return this.requests.push(`${method} ${target}`) - 1
  }

  left(): void {
    this.abandoned++
  }

  async begin(): Promise<void> {
    this.port = await freePort()
    if (this.fault !== 'refuse') await this.#listen()
  }

  async set(fault: Fault | null): Promise<void> {
    if (fault !== null && TLS_FAULTS.includes(fault) && !this.#tls) throw new Error(`${fault} needs a TLS listener`)
    this.fault = fault
    if (fault === 'refuse') await this.#stop()
    else if (this.#server === null) await this.#listen()
  }

  closeIdle(): void {
    for (const [raw, connection] of this.#sockets) if (connection?.idle) raw.destroy()
  }

  async close(): Promise<void> {
    await this.#stop()
    this.agent.destroy()
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (raw) => this.#accept(raw))
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
  }

  async #stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.close()
    for (const raw of this.#sockets.keys()) raw.resetAndDestroy()
    await once(server, 'close')
  }

  #accept(raw: Socket): void {
    this.connections++
    raw.on('error', () => {})
    if (this.fault === 'reset-on-connect') return void raw.resetAndDestroy()
    this.#sockets.set(raw, null)
    raw.once('close', () => this.#sockets.delete(raw))
    if (this.fault === 'end-and-listen') raw.end()
    const socket = this.#tls ? this.#secure(raw) : raw
    this.#sockets.set(raw, new FaultConnection({ socket, reset: () => void raw.resetAndDestroy() }, this))
  }

  #secure(raw: Socket): Socket {
    const { cert, key } = certificate(CERTIFICATES[this.fault ?? ''] ?? 'localhost')
    return new TLSSocket(raw, { isServer: true, secureContext: createSecureContext({ cert, key }) })
  }
}

const CERTIFICATES: Readonly<Record<string, CertificateName>> = {
  'tls-expired': 'expired',
  'tls-wrong-name': 'wrong-name',
}
