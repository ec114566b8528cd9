import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/** Kept on the socket itself: each request finds it without a look-up. */
const LINE = Symbol('line')

/** What Node's server looks at after each read: with `_paused` set it stops parsing until the flag is cleared. */
interface PausableSocket extends Socket {
  _paused?: boolean
  parser?: { resume(): void } | null
  [LINE]?: Line
}

/** Whether the answer said, or Node decided, that the connection ends with it. */
interface LastResponse extends ServerResponse {
  readonly _last?: boolean
}

interface Line {
  isBusy: boolean
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[]
  /** Not null while nothing is read: keeps it so when Node would go on because the answer under way has drained. */
  hold: (() => void) | null
}

/** Above it no more requests of this connection are read. One read of 64 KiB may still bring some thousand. */
const MAX_WAITING = 16

/**
 * Answers the requests of a connection one after the other. Node starts a handler for every pipelined request at
 * once, and a thousand of them in one packet would start a thousand upstream requests for answers that only leave in
 * order anyway (RFC 9112 section 9.3.2).
 *
 * @param closed an answer has left, or never will
 */
export function onePerConnection(listener: RequestListener, closed: (socket: Socket) => void): RequestListener {
  function onClose(this: ServerResponse): void {
    const { socket } = this.req
    closed(socket)
    // RFC 9112 section 9.6: what comes behind an answer that closes is not processed; its own answer would not leave.
    if ((this as LastResponse)._last !== true) next(socket)
  }

  const run = (request: IncomingMessage, response: ServerResponse): void => {
    // One function for all, and not once: it is emitted once, and each request would pay for what makes sure of it.
    response.on('close', onClose)
    listener(request, response)
  }

  const next = (socket: PausableSocket): void => {
    const line = socket[LINE]!
    const following = line.waiting.shift()
    line.isBusy = following !== undefined
    if (line.hold !== null && line.waiting.length <= MAX_WAITING / 2) resume(socket, line)
    if (following !== undefined && !socket.destroyed) run(...following)
  }

  return (request, response) => {
    const socket: PausableSocket = request.socket
    socket[LINE] ??= { isBusy: false, waiting: [], hold: null }
    const line = socket[LINE]
    if (!line.isBusy) {
      line.isBusy = true
      return run(request, response)
    }
    line.waiting.push([request, response])
    if (line.waiting.length > MAX_WAITING) pause(socket, line)
  }
}

/** Whether the last answer on this connection has left, and nothing that was read waits for its turn. */
export function isIdle(socket: PausableSocket): boolean {
  return socket[LINE]?.isBusy !== true
}

function pause(socket: PausableSocket, line: Line): void {
  if (line.hold === null) {
    line.hold = () => {
      socket._paused = true
      socket.pause()
    }
    socket.on('drain', line.hold)
  }
  line.hold()
}

function resume(socket: PausableSocket, line: Line): void {
  socket.off('drain', line.hold!)
  line.hold = null
  socket._paused = false
  socket.parser?.resume()
  socket.resume()
}
