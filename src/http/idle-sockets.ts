import type { Socket } from 'node:net'

/** How long a new connection may be silent: its first request may be on its way. Milliseconds. */
const NEW = 1_000

/**
 * Which connections of a closing server may be closed without cutting anything. Node's own closeIdleConnections also
 * destroys those whose answer has ended but not left yet: the last bytes of a body for a slow client. And it no longer
 * times out the head of a request, which could keep a closed listener for ever.
 */
export class IdleSockets {
  /** How many bytes had come when the last answer was complete: more than that, and a request is on its way. */
  readonly #sockets = new Map<Socket & { readonly _httpMessage?: object | null }, number>()
  /** When those came that have sent nothing yet. */
  readonly #came = new WeakMap<Socket, number>()
  readonly #patience: () => number
  #closingSince: number | null = null

  /** @param patience milliseconds that a request on its way gets once the server is closing */
  constructor(patience: () => number) {
    this.#patience = patience
  }

  add(socket: Socket): void {
    this.#sockets.set(socket, 0)
    this.#came.set(socket, performance.now())
    socket.once('close', () => this.#sockets.delete(socket))
  }

  answered(socket: Socket): void {
    if (this.#sockets.has(socket)) this.#sockets.set(socket, socket.bytesRead)
  }

  /** The connection has another owner now. */
  forget(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  /** To be called again and again until the last one has gone. */
  close(): void {
    this.#closingSince ??= performance.now()
    const now = performance.now()
    const late = now - this.#closingSince > this.#patience()
    for (const [socket, bytes] of this.#sockets) {
      if (socket._httpMessage || socket.writableLength > 0) continue
      const isNew = socket.bytesRead === 0 && now - (this.#came.get(socket) ?? 0) < NEW
      if (late || (socket.bytesRead === bytes && !isNew)) socket.destroy()
    }
  }
}
