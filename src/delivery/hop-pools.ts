import type { Endpoint } from '../config/snapshot.ts'
import type { Surroundings } from './connect-options.ts'
import { EndpointPool } from './endpoint-pool.ts'

const MAX_POOLS = 32

/** The connections to hosts that redirects lead to: the last 32 of them, each as its Cdn trusts authorities. */
export class HopPools {
  readonly #surroundings: Surroundings
  readonly #pools = new Map<string, EndpointPool>()

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  /** @param origin as URL has it; @param by who redirected: its authorities are trusted, its private addresses not */
  pool(origin: string, by: Endpoint): EndpointPool {
    const key = `${by.cdnName} ${origin}`
    const pool = this.#pools.get(key) ?? new EndpointPool(hopEndpoint(new URL(origin), by), '', this.#surroundings)
    // The one that was used last stands last.
    this.#pools.delete(key)
    this.#pools.set(key, pool)
    if (this.#pools.size > MAX_POOLS) this.#evict()
    return pool
  }

  /** Waits for the requests that run. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#pools.values()].map((pool) => pool.close()))
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    await Promise.allSettled([...this.#pools.values()].map((pool) => pool.destroy()))
  }

  #evict(): void {
    const [oldest, pool] = this.#pools.entries().next().value!
    this.#pools.delete(oldest)
    pool.close().catch(() => {})
  }
}

/** The operator named the host, but not as one that may stand inside, be believed unproved, or know our certificate. */
function hopEndpoint({ origin, protocol, host, hostname }: URL, by: Endpoint): Endpoint {
  const secure = protocol === 'https:'
  const serverName = hostname.replace(/^\[|\]$/g, '')
  const tls = secure ? { serverName, verify: true, ca: by.tls?.ca ?? null, clientCertificate: null } : null
  return {
    ...by,
    origin,
    url: origin,
    basePath: '',
    pathTemplate: '{path}',
    hostHeader: host,
    tls,
    allowPrivate: false,
  }
}
