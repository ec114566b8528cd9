import type { Dispatcher } from 'undici'
import type { Endpoint } from '../config/snapshot.ts'
import { SURROUNDINGS, type Surroundings } from './connect-options.ts'
import { EndpointPool } from './endpoint-pool.ts'
import { HopPools } from './hop-pools.ts'
import type { AnswerHandler } from './wire/answer-handler.ts'

/** One HTTP/1.1 request to an Endpoint. `headers` is a flat list of names and values that includes Host. */
export interface UpstreamRequest {
  readonly method: string
  /** The request target in origin form. */
  readonly path: string
  readonly headers: string[]
  /** The host name of the client's request: SNI where the Endpoint preserves the host. */
  readonly host: string
  readonly body?: Dispatcher.DispatchOptions['body']
}

/** An endpoint that preserves the host has a pool per name, since SNI and the verified name belong to a connection. */
const MAX_NAMES = 64

/**
 * The connections to every Endpoint of a Snapshot: a pool each, which a reload hands on to the next Transport where
 * the endpoint stays. Timeouts are the caller's, but for a last limit on connecting.
 */
export class Transport {
  readonly #pools = new Map<string, SharedPool>()
  readonly #hops: HopPools
  readonly #surroundings: Surroundings
  #leases = 0
  #retired: (() => void) | null = null

  /** @param previous what it shares with the new endpoints is taken over; it is to be retired afterwards */
  constructor(endpoints: readonly Endpoint[], previous?: Transport, surroundings: Surroundings = SURROUNDINGS) {
    this.#surroundings = surroundings
    this.#hops = new HopPools(surroundings)
    if (previous === undefined) return
    const keys = new Set(endpoints.map(({ key }) => key))
    for (const [name, pool] of previous.#pools) {
      if (keys.has(endpointKey(name))) this.#pools.set(name, pool.share())
    }
  }

  /** A request that may still want to dispatch holds a lease; the function gives it back, once. */
  lease(): () => void {
    this.#leases++
    let held = true
    return () => {
      if (!held) return
      held = false
      if (--this.#leases === 0) this.#retired?.()
    }
  }

  /** Waits for the last lease, then lets go of every pool; one that nobody else holds closes when its requests ended. */
  async retire(): Promise<void> {
    if (this.#leases > 0) await new Promise<void>((resolve) => (this.#retired = resolve))
    await Promise.allSettled([this.#hops.close(), ...[...this.#pools.values()].map((pool) => pool.letGo())])
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    await Promise.allSettled([this.#hops.destroy(), ...[...this.#pools.values()].map(({ pool }) => pool.destroy())])
  }

  /** Sends a request; the handler's `onError` reports every failure, also those before the connection. */
  dispatch(endpoint: Endpoint, request: UpstreamRequest, handler: AnswerHandler): void {
    this.pool(endpoint, request.host).dispatch(request, handler)
  }

  /** Sends a request to where an Endpoint redirected: verified by that name, and never to a private address. */
  dispatchHop(by: Endpoint, to: URL, request: UpstreamRequest, handler: AnswerHandler): void {
    this.#hops.pool(to.origin, by).dispatch(request, handler)
  }

  /** The pool of an Endpoint, for a request to this host. */
  pool(endpoint: Endpoint, host: string): EndpointPool {
    const name = poolName(endpoint, host)
    const known = this.#pools.get(name)
    if (known !== undefined) return known.pool
    const pool = new EndpointPool(endpoint, host, this.#surroundings)
    this.#pools.set(name, new SharedPool(pool))
    if (endpoint.tls !== null && endpoint.tls.serverName === null) this.#evict(endpoint)
    return pool
  }

  #evict(endpoint: Endpoint): void {
    const names = [...this.#pools.keys()].filter((name) => endpointKey(name) === endpoint.key)
    if (names.length <= MAX_NAMES) return
    const oldest = names[0]!
    void this.#pools.get(oldest)?.letGo()
    this.#pools.delete(oldest)
  }
}

/** A pool that several generations may hold: a long body outlives more than one reload. */
class SharedPool {
  readonly pool: EndpointPool
  #holders = 1

  constructor(pool: EndpointPool) {
    this.pool = pool
  }

  share(): SharedPool {
    this.#holders++
    return this
  }

  /** The last one closes it. */
  async letGo(): Promise<void> {
    if (--this.#holders === 0) await this.pool.close()
  }
}

function poolName(endpoint: Endpoint, host: string): string {
  return endpoint.tls !== null && endpoint.tls.serverName === null ? `${endpoint.key}\n${host}` : endpoint.key
}

function endpointKey(name: string): string {
  const end = name.indexOf('\n')
  return end === -1 ? name : name.slice(0, end)
}
