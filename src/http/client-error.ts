import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** Bytes that Node's parser read of the request that it could not parse. */
interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
  /** How far into the packet it came. */
  readonly bytesParsed?: number
}

/** What Node's server keeps at a connection. */
interface ServedSocket extends Socket {
  /** The answer that is on its way. */
  readonly _httpMessage?: ServerResponse | null
  /** `incoming`: the request that was parsed last. */
  readonly parser?: { readonly incoming: IncomingMessage | null } | null
}

/** Sockets with an error that waits for the answers before it. A parser repeats its error for each packet. */
const waiting = new WeakSet<Socket>()

/**
 * Answers what is not HTTP, after the answers to what came before it: a 400 in the middle of a body would be read as part
 * of it. Content that breaks its framing is no content: its request is refused too, where its answer has not begun.
 */
export function onClientError(error: ParseError, socket: ServedSocket, onAnswered: (status: number) => void): void {
  const unreadable = error.code?.startsWith('HPE_') === true
  if (unreadable && waiting.has(socket)) return
  if (!unreadable) return socket._httpMessage ? void socket.destroy() : answer(error, socket, onAnswered)
  const asked = socket.parser?.incoming
  waiting.add(socket)
  afterAnswers(socket, asked?.complete === false ? asked : null, () => {
    if (socket._httpMessage?.headersSent) socket.destroy()
    else answer(error, socket, onAnswered)
  })
}

/**
 * Waits for the answers to what came before a request, or to all that came. Node gives the socket to the next answer of a
 * pipeline when the one before it has gone.
 */
function afterAnswers(socket: ServedSocket, before: IncomingMessage | null, then: () => void): void {
  const answering = socket._httpMessage
  if (answering && answering.req !== before) {
    answering.once('close', () => setImmediate(afterAnswers, socket, before, then))
  } else then()
}

function answer(error: ParseError, socket: Socket, onAnswered: (status: number) => void): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const status = statusOf(error)
  const body = `${status} ${STATUS_CODES[status]}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  )
  socket.destroySoon()
  onAnswered(status)
}

/** A method that could be one (RFC 9110 section 9.1), and a request line with a version that could be one (section 2.5). */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} /
const REQUEST_LINE = /^[A-Z-]{1,32} +[^ ]+ +HTTP\/\d\.\d\r\n/

/**
 * RFC 9110 section 15.5: 414 where even the request line did not end, 431 where the fields did not. 501 and 505 are for
 * what is HTTP and not spoken here; rubbish is a 400.
 */
function statusOf(error: ParseError): number {
  const { code, rawPacket, bytesParsed = 0 } = error
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  if (code === 'HPE_HEADER_OVERFLOW') return rawPacket?.subarray(0, bytesParsed).includes('\r\n') === false ? 414 : 431
  if (code === 'HPE_INVALID_METHOD') return METHOD.test(lineAt(rawPacket, bytesParsed)) ? 501 : 400
  if (code === 'HPE_INVALID_VERSION') return REQUEST_LINE.test(lineAt(rawPacket, bytesParsed)) ? 505 : 400
  return 400
}

const LONGEST_LINE = 4096

/** The line with that byte, with its end, as far as it is in the packet. */
function lineAt(packet: Buffer | undefined, at: number): string {
  if (packet === undefined) return ''
  const start = packet.lastIndexOf(10, Math.max(0, at - 1)) + 1
  const end = packet.indexOf(10, start)
  return packet.toString('latin1', start, Math.min(end === -1 ? packet.length : end + 1, start + LONGEST_LINE))
}
