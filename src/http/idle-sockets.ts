import type { Socket } from 'node:net'

/** How long a new connection may be silent: its first request may be on its way. Milliseconds. */
const NEW = 1_000

interface Standing {
  /** When it came. */
  readonly came: number
  /** How many bytes had come when the last answer was complete: more than that, and a request is on its way. */
  bytes: number
  /** When that was; null: there was none yet. */
  answered: number | null
  /** Node has the connection, and watches over its first head. */
  joined: boolean
}

/** How long a connection may say nothing; milliseconds. */
export interface Patience {
  /** Before its first request. */
  readonly first: number
  /** After an answer: what the client was told. */
  readonly next: number
}

/** What Node allows a connection beyond what it tells the client, and for how long nobody may have looked. */
const GRACE = 2_000

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
    this.#sockets.set(socket, { came: performance.now(), bytes: 0, answered: null, joined: false })
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Node's server has the connection from now on. */
  joined(socket: Socket): void {
    const standing = this.#sockets.get(socket)
    if (standing !== undefined) standing.joined = true
  }

  answered(socket: Socket, now = performance.now()): void {
    const standing = this.#sockets.get(socket)
    if (standing === undefined) return
    standing.bytes = socket.bytesRead
    standing.answered = now
  }

  /** The connection has another owner now. */
  forget(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  /**
   * Closes connections that have asked nothing for too long. Where Node has them its own timer does so, but that begins
   * anew with every byte, and the empty lines before a request (RFC 9112 section 2.2) may go on for ever.
   *
   * @param late for those that never asked anything
   */
  closeOlder({ first, next }: Patience, late: (socket: Socket) => void): void {
    const now = performance.now()
    for (const [socket, standing] of this.#sockets) {
      const { came, bytes, answered, joined } = standing
      if (socket._httpMessage || socket.writableLength > 0) {
        // Whoever takes nothing of an answer has another limit; who is slow begins to be idle when all is taken.
        if (answered !== null) standing.answered = now
        continue
      }
      // Node stops its own timer where more has come; while an answer is taken slowly, the lane does.
      const more = joined && socket.bytesRead > bytes ? first : GRACE
      if (answered !== null && now - answered > next + more) socket.destroy()
      else if (answered === null && !joined && now - came > first) late(socket)
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
