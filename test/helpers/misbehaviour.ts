import type { Step } from './scripted-upstream.ts'

/** What scripted upstreams do: one well-behaved answer, and the ways to do wrong that gateways meet in the field. */

export type Fields = Readonly<Record<string, string>>

/** A complete answer with its length. */
export function answer(status = 200, body = 'ok\n', fields: Fields = {}): Step[] {
  return [head(status, { 'content-length': String(Buffer.byteLength(body, 'latin1')), ...fields }), body]
}

/** A status line and fields as given, and the empty line. */
export function head(status: number | string, fields: Fields = {}): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`
}

/** A body of so many bytes of which no two nearby parts are equal, so that a wrong splice shows. */
export function countedBody(length: number): string {
  let text = ''
  for (let line = 0; text.length < length; line++) text += `${line.toString(36).padStart(7, '.')}\n`
  return text.slice(0, length)
}

export const resetBeforeHeaders: readonly Step[] = ['reset!']
export const endBeforeHeaders: readonly Step[] = ['end!']
export const stallBeforeHeaders: readonly Step[] = ['stall!']
/** The head stops in the middle of a field. */
export const stallInHeaders: readonly Step[] = ['HTTP/1.1 200 OK\r\ncontent-le', 'stall!']
export const garbage: readonly Step[] = ['\x16\x03\x01 this is not HTTP\r\n\r\n', 'end!']

/** Content-Length promises the whole body, and only the first `sent` bytes come. */
export function cut(body: string, sent: number, how: 'reset!' | 'end!' | 'stall!', fields: Fields = {}): Step[] {
  return [head(200, { 'content-length': String(body.length), ...fields }) + body.slice(0, sent), how]
}

/** Chunks without the last one. */
export function cutChunked(body: string, how: 'reset!' | 'end!' | 'stall!', fields: Fields = {}): Step[] {
  return [`${head(200, { 'transfer-encoding': 'chunked', ...fields })}${body.length.toString(16)}\r\n${body}\r\n`, how]
}

export function chunked(parts: readonly string[], fields: Fields = {}): Step[] {
  const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
  return [head(200, { 'transfer-encoding': 'chunked', ...fields }), ...chunks, '0\r\n\r\n']
}

/** Interim answers before the final one. */
export function interimFlood(count: number, status = 103): Step[] {
  return [`HTTP/1.1 ${status} Interim\r\nlink: </a.css>; rel=preload\r\n\r\n`.repeat(count), ...answer()]
}

/** Interim answers for ever: each restarts a naive timer. */
export function endlessInterim(status = 102): Step[] {
  return [`HTTP/1.1 ${status} Processing\r\n\r\n`.repeat(1000), 'stall!']
}

/** A 304 or 204 that names the length of the body it does not have (RFC 9110 section 8.6 allows it for 304). */
export function bodilessWithLength(status: 204 | 304, fields: Fields = {}): Step[] {
  return [head(status, { 'content-length': '1024', ...fields })]
}

/** A coding that RFC 9112 section 6.1 allows before chunked; a naive client passes the bytes on as if plain. */
export function oddTransferEncoding(coding = 'gzip, chunked'): Step[] {
  return [`${head(200, { 'transfer-encoding': coding })}3\r\nabc\r\n0\r\n\r\n`, 'end!']
}

export function headerFlood(count: number, size = 10): Step[] {
  const fields: Record<string, string> = {}
  for (let i = 0; i < count; i++) fields[`x-flood-${i}`] = 'x'.repeat(size)
  return answer(200, 'ok\n', fields)
}
