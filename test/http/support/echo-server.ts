import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { parseRequest, type RecordedRequest } from '../../helpers/recorded-request.ts'
import type { Scope } from '../../helpers/scope.ts'
import { until } from '../../helpers/wait.ts'

/** What is done with a socket once it speaks the other protocol. `early` came right behind the request's head. */
export type Behaviour = (socket: Socket, early: Buffer, request: RecordedRequest) => void

/** An upstream that agrees to every upgrade. */
export interface UpgradeServer {
  readonly port: number
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  readonly sockets: readonly Socket[]
  /** Waits for the socket of this number, upgraded. */
  upgraded(count: number): Promise<Socket>
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The head of a 101, as RFC 6455 section 4.2.2 has it. */
export function switching(request: RecordedRequest): string {
  const accept = createHash('sha1')
    .update(`${request.header('sec-websocket-key')}${GUID}`)
    .digest('base64')
  const protocol = request.header('sec-websocket-protocol')?.split(',')[0]?.trim()
  return (
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.header('upgrade')}\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Accept: ${accept}\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`
  )
}

/** Sends back what it gets, and FIN for FIN. */
export const echo: Behaviour = (socket, early) => {
  socket.write(early)
  socket.pipe(socket)
}

export async function upgradeServer(scope: Scope, behave: Behaviour = echo, tls?: TlsOptions): Promise<UpgradeServer> {
  const requests: RecordedRequest[] = []
  const sockets: Socket[] = []
  const all: Socket[] = []
  const accept = (socket: Socket) => {
    all.push(socket)
    let bytes: Buffer<ArrayBufferLike> = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const request = parseRequest(bytes)
      if (request === null) return
      socket.off('data', onData)
      requests.push(request)
      sockets.push(socket)
      socket.write(switching(request))
      behave(socket, bytes.subarray(request.raw.length), request)
    }
    socket.on('error', () => {}).on('data', onData)
  }
  const options = { allowHalfOpen: true, noDelay: true }
  const server = tls === undefined ? createServer(options, accept) : createTlsServer({ ...options, ...tls }, accept)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    for (const socket of all) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const upgraded = (count: number) => until(() => sockets[count - 1], { what: 'an upgraded socket' })
  return { port, url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}`, requests, sockets, upgraded }
}
