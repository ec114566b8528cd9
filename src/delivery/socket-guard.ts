import type { Socket } from 'node:net'

/** What undici keeps on each of its sockets under a symbol. */
interface PausableParser {
  resume(): void
}

/**
 * Keeps undici 7 from three mistakes; to be called before it sees the socket. The first two are about answers that end
 * when the connection does, and are mended in undici 8 (nodejs/undici#5360, #5474).
 *
 * 1. A FIN or RST that comes while backpressure pauses the parser throws an assertion that nobody can catch.
 * 2. An RST in such an answer counts as its end, so that a cut answer looks complete.
 * 3. A request that was aborted goes back into the queue, and a new connection is opened for it before that is noticed.
 */
export function guardSocket(socket: Socket): void {
  // Before 'end' everything has been read: what the paused parser still holds is bounded by one chunk.
  socket.prependListener('end', () => parserOf(socket)?.resume())
  // undici forgives ECONNRESET where it cannot tell a cut from an end, and only that code.
  socket.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'ECONNABORTED'
  })
  const destroy = socket.destroy.bind(socket)
  // Of an error that undici calls information only, it concludes that the request may still be wanted.
  socket.destroy = (error?: NodeJS.ErrnoException) =>
    destroy(error?.code === 'UND_ERR_INFO' && error.message === 'aborted' ? new Error('aborted') : error)
}

function parserOf(socket: Socket): PausableParser | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  return symbol === undefined ? undefined : (socket as unknown as Record<symbol, PausableParser | undefined>)[symbol]
}
