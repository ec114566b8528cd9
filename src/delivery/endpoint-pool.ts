import type { Dispatcher, Pool } from 'undici'
import type { Endpoint } from '../config/snapshot.ts'
import { type Surroundings, serverName } from './connect-options.ts'
import { createPool } from './pool.ts'
import type { UpstreamRequest } from './transport.ts'
import type { AnswerHandler } from './wire/answer-handler.ts'
import { Dialler } from './wire/dialler.ts'
import { WirePool } from './wire/pool.ts'

/**
 * The connections to one Endpoint, for requests to one host: our own for GET and HEAD, and those of undici for everything
 * else, which has content or may not be sent twice.
 */
export class EndpointPool {
  readonly #endpoint: Endpoint
  readonly #host: string
  readonly #surroundings: Surroundings
  readonly #wire: WirePool
  /** Few endpoints are ever sent anything but GET and HEAD. */
  #others: Pool | null = null

  constructor(endpoint: Endpoint, host: string, surroundings: Surroundings) {
    this.#endpoint = endpoint
    this.#host = host
    this.#surroundings = surroundings
    const dialler = new Dialler(endpoint, host, surroundings)
    this.#wire = new WirePool((onread, done) => dialler.open(onread, done))
  }

  get closed(): boolean {
    return this.#wire.closed
  }

  /** Sends a request; the handler's `onError` reports every failure, also those before the connection. */
  dispatch(request: UpstreamRequest, handler: AnswerHandler): void {
    const { method, body = null } = request
    // A pool that is closed says so itself.
    if (this.closed || (body === null && (method === 'GET' || method === 'HEAD'))) this.#wire.dispatch(request, handler)
    else this.#dispatchOther(request, handler)
  }

  /** Waits for the requests that run. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#wire.close(), this.#others?.close()])
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    await Promise.allSettled([this.#wire.destroy(), this.#others?.destroy()])
  }

  #dispatchOther({ method, path, headers, body = null }: UpstreamRequest, handler: AnswerHandler): void {
    this.#others ??= createPool(this.#endpoint, this.#host, this.#surroundings)
    const options: Dispatcher.DispatchOptions & { servername?: string } = {
      method: method as Dispatcher.HttpMethod,
      path,
      headers,
      body,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    const servername = serverName(this.#endpoint, this.#host)
    // Always: undici would else take the Host header's name, and connect anew whenever that changes.
    if (servername !== null) options.servername = servername
    this.#others.dispatch(options, handler)
  }
}
