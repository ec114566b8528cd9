import { ClientRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Endpoint } from '../config/snapshot.ts'
import { connectOptions, isAddress, serverName } from '../delivery/connect-options.ts'
import { isSound } from '../delivery/response-head.ts'
import type { Timers } from '../delivery/timers.ts'
import { upstreamErrorCode } from '../delivery/upstream-error.ts'
import { MAX_HEADER_SIZE } from '../delivery/wire/head-parser.ts'
import type { ErrorCode } from '../errors.ts'

/** Where a socket of its own goes: the endpoint, and the host of the client's request, for SNI. Milliseconds. */
export interface DialTarget {
  readonly endpoint: Endpoint
  readonly host: string
  readonly timeout: number
}

/**
 * Opens a socket to an endpoint, TLS verified. `done` is called once with it or with what went wrong. The socket has a
 * listener for errors, for as long as it lives. The returned function gives up without a word.
 */
export function dial(target: DialTarget, timers: Timers, done: (result: Socket | ErrorCode) => void): () => void {
  let over = false
  let socket: Socket
  try {
    socket = open(target)
  } catch (error) {
    queueMicrotask(() => over || done(upstreamErrorCode(error)))
    return () => {
      over = true
    }
  }
  const settle = (result: Socket | ErrorCode) => {
    if (over) return
    over = true
    deadline.cancel()
    if (result !== socket) socket.destroy()
    done(result)
  }
  const deadline = timers.after(target.timeout, () => settle('connection_timeout'))
  socket.on('error', (error) => settle(upstreamErrorCode(error)))
  socket.once(target.endpoint.tls === null ? 'connect' : 'secureConnect', () => settle(socket))
  return () => {
    over = true
    deadline.cancel()
    socket.destroy()
  }
}

function open({ endpoint, host }: DialTarget): Socket {
  const { hostname, port, protocol } = new URL(endpoint.origin)
  const options = {
    ...connectOptions(endpoint, host),
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    allowHalfOpen: true,
    noDelay: true,
  }
  const name = serverName(endpoint, host)
  if (name === null) return connect(options)
  return connectTls({ ...options, servername: isAddress(name) ? '' : name, ALPNProtocols: ['http/1.1'] })
}

/** What an upstream makes of an Upgrade. `early` is what it sent right behind its head. */
export type Reply =
  | { readonly kind: 'switched'; readonly head: IncomingMessage; readonly early: Buffer }
  | { readonly kind: 'answered'; readonly head: IncomingMessage }
  | { readonly kind: 'failed'; readonly code: ErrorCode }

/** RFC 9110 section 15.2 lets any number of interim answers come. */
const MAX_INTERIM = 8

/** A request without content: `headers` is a flat list that includes Host. */
export interface Question {
  readonly method: 'GET' | 'OPTIONS'
  readonly path: string
  readonly headers: string[]
}

/** Sends a request over a dialled socket and calls `done` once with what comes back. */
export function ask(socket: Socket, question: Question, done: (reply: Reply) => void): void {
  let over = false
  const settle = (reply: Reply) => {
    if (over) return
    over = true
    if (reply.kind === 'failed') socket.destroy()
    done(reply)
  }
  const fail = (code: ErrorCode) => settle({ kind: 'failed', code })
  const options = { createConnection: () => socket, maxHeaderSize: MAX_HEADER_SIZE, setHost: false }
  let request: ClientRequest
  try {
    request = new ClientRequest({ ...question, ...options })
  } catch {
    // Node refuses to send what we made: no endpoint is to blame.
    return fail('internal_error')
  }
  // Node would leave out what is beyond its limit; bytes have one, and a head is judged as a whole.
  request.maxHeadersCount = 0
  let interim = 0
  request.on('information', ({ statusCode, rawHeaders }) => {
    if (++interim > MAX_INTERIM || !isSound({ status: statusCode, rawHeaders })) fail('http_protocol_error')
  })
  request.on('upgrade', (head, _socket, early) => {
    if (isBelievable(head)) settle({ kind: 'switched', head, early })
    else fail('http_protocol_error')
  })
  request.on('response', (head) => {
    // A 101 that names no protocol is no switch, and no answer either.
    if (head.statusCode! >= 200 && isBelievable(head)) settle({ kind: 'answered', head })
    else fail('http_protocol_error')
  })
  request.on('error', (error) => fail(upstreamErrorCode(error)))
  request.on('close', () => fail('connection_terminated'))
  request.end()
}

/** RFC 9112 section 6.1: HTTP/1.0 knows no transfer coding, so who sends one does not know what it says. */
function isBelievable({ httpVersion, statusCode, rawHeaders, headers }: IncomingMessage): boolean {
  const known = httpVersion === '1.1' || (httpVersion === '1.0' && headers['transfer-encoding'] === undefined)
  return known && isSound({ status: statusCode!, rawHeaders })
}

/**
 * Whether an answer that has ended was cut: Node takes a reset for the end of a body that has no other
 * (RFC 9112 section 6.3).
 */
export function isCut({ headers, socket, complete }: IncomingMessage): boolean {
  const framed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return !complete || (!framed && socket.errored !== null)
}
