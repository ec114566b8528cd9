import { type OutgoingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** Bytes that Node's parser read of the request that it could not parse. */
interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
  /** How far into the packet it came. */
  readonly bytesParsed?: number
}

const STATUS: Readonly<Record<string, number>> = {
  HPE_INVALID_METHOD: 501,
  HPE_INVALID_VERSION: 505,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/**
 * Answers what is not HTTP. Only where nothing of another answer is on its way: a 400 in the middle of a body would be
 * read as part of it.
 */
export function onClientError(error: ParseError, socket: Socket & { readonly _httpMessage?: OutgoingMessage }): void {
  const answering = socket._httpMessage !== undefined && socket._httpMessage !== null
  if (!socket.writable || answering || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = statusOf(error)
  const body = `${status} ${STATUS_CODES[status]}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  )
  socket.destroySoon()
}

/** RFC 9110 section 15.5: 414 where even the request line did not end, 431 where the fields did not. */
function statusOf(error: ParseError): number {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return error.rawPacket?.subarray(0, error.bytesParsed).includes('\r\n') === false ? 414 : 431
  }
  return STATUS[error.code ?? ''] ?? 400
}
