import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './faults.ts'

/** One side of a proxied connection as an answer needs it. */
export interface AnswerSocket {
  /** TLS or plain. */
  readonly socket: Socket
  /** RST, also under TLS. */
  reset(): void
}

export interface AnswerOptions {
  readonly method: string
  readonly fault: Fault | null
  /** The coding to send a body in, whatever the edge used. */
  readonly chunked: boolean
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])
/** Where a body breaks, as a part of what the edge would send. */
const BREAK = 0.4
const EXCESS = 100
const DRIPS = 20
const FORGED = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nFORGED'

/**
 * How an answer ended: the connection can take another request; the fault has ended it; nothing more will come over it;
 * or the other side had left before.
 */
export type AnswerEnd = 'next' | 'over' | 'silent' | 'left'

/** Sends an edge's answer over a socket, with a fault in its headers or its body. */
export async function sendAnswer(to: AnswerSocket, edge: IncomingMessage, options: AnswerOptions): Promise<AnswerEnd> {
  const { socket } = to
  const { fault } = options
  const chunked = options.chunked || fault === 'cut-chunked' || fault === 'no-last-chunk'
  const head = headOf(edge, fault === 'length-too-long' ? EXCESS : 0, chunked)
  if (fault === 'drip-headers') {
    for (const byte of head) {
      await write(socket, byte)
      await sleep(30)
    }
  } else await write(socket, head)
  if (options.method === 'HEAD') edge.resume()
  const whole = options.method === 'HEAD' || (await sendBody(socket, edge, { ...options, chunked }))
  if (fault === 'extra-bytes' && whole) await write(socket, FORGED)
  return socket.destroyed ? 'left' : finish(to, fault)
}

function headOf(edge: IncomingMessage, excess: number, chunked: boolean): string {
  const lines = [`HTTP/1.1 ${edge.statusCode} ${edge.statusMessage}`]
  for (let i = 0; i < edge.rawHeaders.length; i += 2) {
    if (!HOP_BY_HOP.has(edge.rawHeaders[i]!.toLowerCase()))
      lines.push(`${edge.rawHeaders[i]}: ${edge.rawHeaders[i + 1]}`)
  }
  const length = edge.headers['content-length']
  if (chunked) lines.push('Transfer-Encoding: chunked')
  else if (length !== undefined) lines.push(`Content-Length: ${Number(length) + excess}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** False when the fault broke it off. */
async function sendBody(socket: Socket, edge: IncomingMessage, options: AnswerOptions): Promise<boolean> {
  const { fault, chunked } = options
  const length = Number(edge.headers['content-length'] ?? 0)
  const end = breaksOff(fault) ? Math.floor(length * BREAK) : Number.POSITIVE_INFINITY
  const drip = fault === 'drip-body' ? Math.ceil(length / DRIPS) : Number.POSITIVE_INFINITY
  let sent = 0
  for await (const piece of pieces(edge, drip)) {
    const part = piece.subarray(0, end - sent)
    await write(socket, chunked ? frame(part) : part)
    const drips = Math.floor((sent + part.length) / drip) - Math.floor(sent / drip)
    sent += part.length
    if (sent === end || socket.destroyed) return false
    if (drips > 0) await sleep(40)
  }
  if (chunked && fault !== 'no-last-chunk') await write(socket, '0\r\n\r\n')
  return true
}

function breaksOff(fault: Fault | null): boolean {
  return fault === 'reset-in-body' || fault === 'end-in-body' || fault === 'stall-in-body' || fault === 'cut-chunked'
}

async function* pieces(edge: IncomingMessage, size: number): AsyncGenerator<Buffer> {
  for await (const chunk of edge as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size)
  }
}

function frame(part: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')])
}

async function finish(to: AnswerSocket, fault: Fault | null): Promise<AnswerEnd> {
  switch (fault) {
    case 'reset-in-body':
      // A reset discards what the other side has not read yet; give it the time, or this is a reset before headers.
      await sleep(20)
      to.reset()
      return 'over'
    case 'end-in-body':
    case 'cut-chunked':
    case 'no-last-chunk':
    case 'length-too-long':
      to.socket.end()
      return 'over'
    case 'stall-in-body':
      return 'silent'
    default:
      return 'next'
  }
}

/** Resolves when there is room for more, or nobody to send it to. */
export async function write(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return
  if (socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)) return
  const stop = new AbortController()
  const { signal } = stop
  await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(() => {})
  stop.abort()
}
