import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { Endpoint } from '../../config/snapshot.ts'
import { PolycdnError } from '../../errors.ts'
import { type ConnectOptions, connectOptions, isAddress, type Surroundings, serverName } from '../connect-options.ts'

/** Milliseconds: the last limit, where an attempt has none of its own. */
const TIMEOUT = 10_000
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true } as const

/** Opens sockets to one Endpoint, for requests to one host; over TLS with the session of the last one. */
export class Dialler {
  readonly #endpoint: Endpoint
  readonly #host: string
  readonly #surroundings: Surroundings
  #options: ConnectOptions | null = null
  #session: Buffer | undefined

  constructor(endpoint: Endpoint, host: string, surroundings: Surroundings) {
    this.#endpoint = endpoint
    this.#host = host
    this.#surroundings = surroundings
  }

  /**
   * `done` is called once, never before this returns: when the socket may be written to, or with what went wrong.
   *
   * @throws PolycdnError destination_ip_prohibited
   */
  open(onread: OnReadOpts, done: (error: Error | null) => void): Socket {
    const options = { ...this.#prepared(), ...KEEP_ALIVE, ...addressOf(this.#endpoint.origin), onread }
    const name = serverName(this.#endpoint, this.#host)
    const socket = name === null ? connect(options) : this.#openSecurely(options, name)
    const timer = setTimeout(() => {
      socket.destroy(new PolycdnError('connection_timeout', 'the connection took too long'))
    }, TIMEOUT)
    const settle = (error: Error | null) => {
      clearTimeout(timer)
      socket.off('error', settle).off('close', closed)
      done(error)
    }
    const closed = () => settle(new PolycdnError('connection_terminated', 'the connection was closed'))
    return socket
      .once(name === null ? 'connect' : 'secureConnect', () => settle(null))
      .once('error', settle)
      .once('close', closed)
  }

  #openSecurely(options: object, name: string): Socket {
    const secure = {
      ...options,
      // RFC 6066 section 3 allows no address as SNI.
      servername: isAddress(name) ? '' : name,
      ALPNProtocols: ['http/1.1'],
      ...(this.#session === undefined ? {} : { session: this.#session }),
    }
    return connectSecurely(secure).on('session', (session) => {
      this.#session = session
    })
  }

  #prepared(): ConnectOptions {
    this.#options ??= connectOptions(this.#endpoint, this.#host, this.#surroundings)
    return this.#options
  }
}

function addressOf(origin: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port } = new URL(origin)
  const usual = protocol === 'https:' ? 443 : 80
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) }
}
