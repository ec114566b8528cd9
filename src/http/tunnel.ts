import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { resetSocket } from '../delivery/reset-socket.ts'
import { type ErrorCode, PolycdnError } from '../errors.ts'
import { admit } from './admit.ts'
import { overLimit, shedding } from './enter.ts'
import type { Admitted } from './exchange.ts'
import { turnAway } from './handle.ts'
import type { RequestListener } from './pipeline.ts'
import { hasContent } from './request-body.ts'
import type { Services } from './services.ts'
import { tunnelProtocols } from './upgrade.ts'
import { Upgrading } from './upgrading.ts'
import { writerFor } from './writer-for.ts'

/**
 * WebSockets and other upgrades: bytes from socket to socket, once the site's origin (or the CDN that `unsafe_methods`
 * names) has agreed. What cannot be tunnelled is answered as if it had asked for no upgrade.
 */
export class Tunnels {
  readonly #services: Services
  readonly #plain: RequestListener
  readonly #all = new Set<Upgrading>()
  #draining = false
  #drained: (() => void) | null = null

  /** @param plain answers a request whose Upgrade is ignored, on a response that closes its connection */
  constructor(services: Services, plain: RequestListener) {
    this.#services = services
    this.#plain = plain
  }

  /** Upgraded connections that are open. */
  get open(): number {
    let open = 0
    for (const tunnel of this.#all) if (tunnel.switched) open++
    return open
  }

  /** For `server.on('upgrade')`. */
  handleUpgrade(raw: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const socket = duplex as Socket & { readonly _httpMessage?: unknown }
    socket.on('error', () => {})
    // An answer to an earlier request is on its way: ours would be read as part of it.
    if (socket._httpMessage) return resetSocket(socket)
    try {
      this.#handle(raw, socket, head)
    } catch (error) {
      this.#services.log.throttle('internal-error', 1_000)?.error('internal-error', { error })
      resetSocket(socket)
    }
  }

  #handle(raw: IncomingMessage, socket: Socket, head: Buffer): void {
    const response = adopt(raw, socket)
    const protocols = tunnelProtocols(raw)
    const client = { raw, socket, response, head, startedAt: this.#services.timers.now() }
    const admitted = this.#admit(raw, protocols)
    if (admitted instanceof PolycdnError) {
      socket.resume()
      return turnAway(this.#services, client, writerFor(this.#services, response), admitted)
    }
    if (admitted === null) {
      socket.resume()
      return this.#plain(raw, response)
    }
    const tunnel = new Upgrading(this.#services, client, { admitted, protocols }, () => {
      this.#all.delete(tunnel)
      if (this.#all.size === 0) this.#drained?.()
    })
    this.#all.add(tunnel)
    tunnel.start()
  }

  /** Takes no new ones, waits up to `ms` milliseconds for the open ones, and closes what is left. */
  async drain(ms: number): Promise<void> {
    this.#draining = true
    if (this.#all.size === 0) return
    const drained = new Promise<void>((resolve) => (this.#drained = resolve))
    const deadline = this.#services.timers.after(ms, () => {
      for (const tunnel of [...this.#all]) tunnel.close()
    })
    await drained
    deadline.cancel()
  }

  /** null: the request is to be answered as an ordinary one. */
  #admit(raw: IncomingMessage, protocols: readonly string[]): Admitted | PolycdnError | null {
    const refused = (code: ErrorCode, message: string) => new PolycdnError(code, message)
    // Where the upgraded bytes begin depends on who counts the content: RFC 9110 section 7.8 has them after it.
    if (hasContent(raw)) return refused('bad_request', 'a request for an upgrade has no content here')
    if (protocols.length === 0) return null
    if (raw.method !== 'GET') return refused('bad_request', 'an upgrade is asked for with GET')
    if (this.#draining) return refused('shutting_down', 'this gateway is shutting down')
    const shed = shedding(this.#services)
    if (shed !== null) return shed
    // Half, so that tunnels, which stay, cannot lock everybody else out.
    if (this.#all.size >= this.#services.current().snapshot.limits.connections / 2) {
      return refused('too_many_tunnels', 'there are too many upgraded connections')
    }
    const admitted = admit(this.#services, raw)
    if (admitted instanceof PolycdnError) return admitted
    // Whoever answers it as an ordinary request counts it.
    if (admitted.site.unsafeEndpoints.length === 0) return null
    return overLimit(this.#services, admitted) ?? admitted
  }
}

/** Node has let go of the socket: gives it a response again, which closes it at its end. */
function adopt(raw: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(raw)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  socket.on('drain', () => response.emit('drain'))
  response.once('finish', () => socket.destroySoon())
  return response
}
