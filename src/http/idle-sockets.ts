import type { Socket } from 'node:net'

/** How long a new connection may be silent: its first request may be on its way. Milliseconds. */
const NEW = 1_000

interface Standing {
  /** When it came. */
  readonly came: number
  /** How many bytes had come when the last answer was complete: more than that, and a request is on its way. */
  bytes: number
  /** When that was; null: there was none yet, and Node watches over the first head. */
  answered: number | null
}

/**
 * Which connections of a closing server may be closed without cutting anything. Node's own closeIdleConnections also
 * destroys those whose answer has ended but not left yet: the last bytes of a body for a slow client. And it no longer
 * times out the head of a request, which could keep a closed listener for ever.
 */
export class IdleSockets {
  readonly #sockets = new Map<Socket & { readonly _httpMessage?: object | null }, Standing>()
  readonly #patience: () => number
  #closingSince: number | null = null

  /** @param patience milliseconds that a request on its way gets once the server is closing */
  constructor(patience: () => number) {
    this.#patience = patience
  }

  add(socket: Socket): void {
    this.#sockets.set(socket, { came: performance.now(), bytes: 0, answered: null })
    socket.once('close', () => this.#sockets.delete(socket))
  }

  answered(socket: Socket): void {
    const standing = this.#sockets.get(socket)
    if (standing === undefined) return
    standing.bytes = socket.bytesRead
    standing.answered = performance.now()
  }

  /** The connection has another owner now. */
  forget(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  /**
   * Closes connections that got their last answer so many milliseconds ago and have asked nothing since. Node's own timer
   * begins anew with every byte, and the empty lines before a request (RFC 9112 section 2.2) may go on for ever.
   */
  closeOlder(ms: number): void {
    const limit = performance.now() - ms
    for (const [socket, { answered }] of this.#sockets) {
      if (answered !== null && answered < limit && !socket._httpMessage && socket.writableLength === 0) socket.destroy()
    }
  }

  /** To be called again and again until the last one has gone. */
  close(): void {
    this.#closingSince ??= performance.now()
    const now = performance.now()
    const late = now - this.#closingSince > this.#patience()
    for (const [socket, { bytes, came }] of this.#sockets) {
      if (socket._httpMessage || socket.writableLength > 0) continue
      const isNew = socket.bytesRead === 0 && now - came < NEW
      if (late || (socket.bytesRead === bytes && !isNew)) socket.destroy()
    }
  }
}
