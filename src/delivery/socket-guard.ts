import type { Socket } from 'node:net'
import { PolycdnError } from '../errors.ts'

/** What undici keeps on each of its sockets under a symbol. */
interface Parser {
  /** A flat list of names and values. */
  readonly headers: readonly Buffer[]
  readonly llhttp: { llhttp_get_http_major(ptr: number): number; llhttp_get_http_minor(ptr: number): number }
  readonly ptr: number
  resume(): void
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number
}

/**
 * Keeps undici 7 from four mistakes; to be called before it sees the socket. The first two are about answers that end
 * when the connection does, and are mended in undici 8 (nodejs/undici#5360, #5474).
 *
 * 1. A FIN or RST that comes while backpressure pauses the parser throws an assertion that nobody can catch.
 * 2. An RST in such an answer counts as its end, so that a cut answer looks complete.
 * 3. A request that was aborted goes back into the queue, and a new connection is opened for it before that is noticed.
 * 4. It takes answers of HTTP/0.9 and 2.0 for ours, refuses an interim 100, and asserts that no 101 comes unasked.
 */
export function guardSocket(socket: Socket): void {
  // Before 'end' everything has been read: what the paused parser still holds is bounded by one chunk.
  socket.prependListener('end', () => parserOf(socket)?.resume())
  // undici forgives ECONNRESET where it cannot tell a cut from an end, and only that code.
  socket.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'ECONNABORTED'
  })
  const onReadable = () => {
    const parser = parserOf(socket)
    if (parser === undefined) return
    socket.off('readable', onReadable)
    judgeHeads(parser, socket)
  }
  socket.prependListener('readable', onReadable)
  const destroy = socket.destroy.bind(socket)
  // Of an error that undici calls information only, it concludes that the request may still be wanted.
  socket.destroy = (error?: NodeJS.ErrnoException) =>
    destroy(error?.code === 'UND_ERR_INFO' && error.message === 'aborted' ? new Error('aborted') : error)
}

/** Only the parser knows the version of an answer. */
function judgeHeads(parser: Parser, socket: Socket): void {
  const complete = parser.onHeadersComplete.bind(parser)
  parser.onHeadersComplete = (status, upgrade, keepAlive) => {
    if (!upgrade && status !== 101 && isOurVersion(parser)) {
      // RFC 9110 section 15.2 has clients read a 100 that they did not ask for; undici reads any other 1xx.
      return complete(status === 100 ? 102 : status, upgrade, keepAlive)
    }
    socket.destroy(new PolycdnError('http_protocol_error', 'the upstream does not speak HTTP/1.1'))
    return -1
  }
}

/** RFC 9112 section 6.1: HTTP/1.0 knows no transfer coding, so who sends one does not know what it says. */
function isOurVersion({ llhttp, ptr, headers }: Parser): boolean {
  if (llhttp.llhttp_get_http_major(ptr) !== 1) return false
  if (llhttp.llhttp_get_http_minor(ptr) === 1) return true
  return !headers.some((name, i) => i % 2 === 0 && name.toString('latin1').toLowerCase() === 'transfer-encoding')
}

function parserOf(socket: Socket): Parser | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  return symbol === undefined ? undefined : (socket as unknown as Record<symbol, Parser | undefined>)[symbol]
}
