import { once } from 'node:events'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { CA } from '../../helpers/certificates.ts'
import type { Scope } from '../../helpers/scope.ts'

export interface Http2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Of the stream, 0 where it ended well. */
  readonly code: number
}

export async function http2Client(scope: Scope, url: string): Promise<ClientHttp2Session> {
  const session = connect(url, { ca: CA, servername: 'localhost' } as object)
  session.on('error', () => {})
  scope.teardown(() => session.destroy())
  await once(session, 'connect')
  return session
}

export async function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  content?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: content === undefined })
  if (content !== undefined) stream.end(content)
  let head: IncomingHttpHeaders = {}
  stream.on('response', (received) => {
    head = received
  })
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()))
  const body = await buffer(stream).catch(() => Buffer.alloc(0))
  await closed
  return { status: Number(head[':status'] ?? 0), headers: head, body, code: stream.rstCode ?? 0 }
}
