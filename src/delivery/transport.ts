import { isIP, type LookupFunction } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { Endpoint } from '../config/snapshot.ts'
import { systemResolver } from './resolver.ts'
import { guardSocket } from './socket-guard.ts'

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
const CONNECT_TIMEOUT = 10_000
/** Bytes of an upstream's response head. */
export const MAX_HEADER_SIZE = 64 * 1024

/**
 * The connections to every Endpoint of a Snapshot: a pool each, which a reload hands on to the next Transport where
 * the endpoint stays. Timeouts are the caller's: undici's own are off, but for a last limit on connecting.
 */
export class Transport {
  readonly #pools = new Map<string, SharedPool>()
  #leases = 0
  #retired: (() => void) | null = null

  /** @param previous what it shares with the new endpoints is taken over; it is to be retired afterwards */
  constructor(endpoints: readonly Endpoint[], previous?: Transport) {
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
    await Promise.allSettled([...this.#pools.values()].map((pool) => pool.letGo()))
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    await Promise.allSettled([...this.#pools.values()].map(({ pool }) => pool.destroy()))
  }

  /** Sends a request; the handler's `onError` reports every failure, also those before the connection. */
  dispatch(endpoint: Endpoint, request: UpstreamRequest, handler: Dispatcher.DispatchHandler): void {
    const servername = serverName(endpoint, request.host)
    const options: Dispatcher.DispatchOptions & { servername?: string } = {
      method: request.method as Dispatcher.HttpMethod,
      path: request.path,
      headers: request.headers,
      body: request.body ?? null,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    // Always: undici would else take the Host header's name, and connect anew whenever that changes.
    if (servername !== null) options.servername = servername
    this.pool(endpoint, request.host).dispatch(options, handler)
  }

  /** The pool of an Endpoint, for a request to this host. */
  pool(endpoint: Endpoint, host: string): Pool {
    const name = poolName(endpoint, host)
    const known = this.#pools.get(name)
    if (known !== undefined) return known.pool
    const pool = createPool(endpoint, host)
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
  readonly pool: Pool
  #holders = 1

  constructor(pool: Pool) {
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

/** SNI and the name that the certificate must carry; null for plain HTTP. */
export function serverName(endpoint: Endpoint, host: string): string | null {
  if (endpoint.tls === null) return null
  return endpoint.tls.serverName ?? host
}

function poolName(endpoint: Endpoint, host: string): string {
  return endpoint.tls !== null && endpoint.tls.serverName === null ? `${endpoint.key}\n${host}` : endpoint.key
}

function endpointKey(name: string): string {
  const end = name.indexOf('\n')
  return end === -1 ? name : name.slice(0, end)
}

/** How a socket to an Endpoint is opened, for a request to this host: addresses and, over TLS, who may answer. */
export interface ConnectOptions {
  readonly autoSelectFamily: boolean
  readonly autoSelectFamilyAttemptTimeout: number
  readonly lookup: LookupFunction
  readonly rejectUnauthorized?: boolean
  readonly minVersion?: 'TLSv1.2'
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined
}

/** Everything but host, port and SNI. */
export function connectOptions(endpoint: Endpoint, host: string): ConnectOptions {
  const { tls } = endpoint
  const name = serverName(endpoint, host)
  return {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 250,
    lookup: systemResolver.lookup,
    ...(tls === null ? {} : { rejectUnauthorized: tls.verify, minVersion: 'TLSv1.2' as const }),
    ...(tls?.ca ? { ca: tls.ca } : {}),
    ...(tls?.clientCertificate ? { cert: tls.clientCertificate.cert, key: tls.clientCertificate.key } : {}),
    ...(name !== null && isAddress(name) ? { checkServerIdentity: addressCheck(name) } : {}),
  }
}

/** RFC 6066 section 3 allows no address as SNI, and Node throws on one; the certificate must carry it all the same. */
export function isAddress(name: string): boolean {
  return isIP(withoutBrackets(name)) !== 0
}

function addressCheck(name: string): NonNullable<ConnectOptions['checkServerIdentity']> {
  return (_host, certificate) => checkServerIdentity(withoutBrackets(name), certificate)
}

function withoutBrackets(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1) : name
}

function createPool(endpoint: Endpoint, host: string): Pool {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT, allowH2: false, ...connectOptions(endpoint, host) })
  return new Pool(endpoint.origin, {
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_SIZE,
    keepAliveTimeout: 30_000,
    keepAliveTimeoutThreshold: 2_000,
    allowH2: false,
    connect: (target, done) =>
      connect(withoutAddress(target), (...[error, socket]) => {
        if (error !== null) return done(error, null)
        guardSocket(socket)
        done(null, socket)
      }),
  })
}

/** RFC 6066 section 3 allows no address as SNI. */
function withoutAddress(target: buildConnector.Options): buildConnector.Options {
  return isAddress(target.servername ?? '') ? { ...target, servername: '' } : target
}
