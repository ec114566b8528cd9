import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/** What Node's server looks at after each read: with `_paused` set it stops parsing until the flag is cleared. */
interface PausableSocket extends Socket {
  _paused?: boolean
  parser?: { resume(): void } | null
}

/** Whether the answer said, or Node decided, that the connection ends with it. */
interface LastResponse extends ServerResponse {
  readonly _last?: boolean
}

interface Line {
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
 */
export function onePerConnection(listener: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, Line>()

  const run = (socket: PausableSocket, request: IncomingMessage, response: ServerResponse): void => {
    response.once('close', () => {
      // RFC 9112 section 9.6: what comes behind an answer that closes is not processed; its own answer would not leave.
      if ((response as LastResponse)._last !== true) next(socket)
    })
    listener(request, response)
  }

  const next = (socket: PausableSocket): void => {
    const line = lines.get(socket)!
    const following = line.waiting.shift()
    if (following === undefined) lines.delete(socket)
    if (line.hold !== null && line.waiting.length <= MAX_WAITING / 2) resume(socket, line)
    if (following !== undefined && !socket.destroyed) run(socket, ...following)
  }

  return (request, response) => {
    const socket: PausableSocket = request.socket
    const line = lines.get(socket)
    if (line === undefined) {
      lines.set(socket, { waiting: [], hold: null })
      return run(socket, request, response)
    }
    line.waiting.push([request, response])
    if (line.waiting.length > MAX_WAITING) pause(socket, line)
  }
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
