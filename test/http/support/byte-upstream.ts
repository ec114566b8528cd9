import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Scope } from '../../helpers/scope.ts'
import { INCOMPLETE, type StrictRequest, strictRequest } from './strict-request.ts'

/** An upstream that reads strictly, and answers each request with its method and target. */
export class ByteUpstream {
  readonly requests: StrictRequest[] = []
  /** What it could not read, in words and bytes. Nothing but a finding. */
  readonly unreadable: string[] = []
  /** What was on its way when the other side left. */
  readonly cut: string[] = []
  url = ''

  static async start(scope: Scope): Promise<ByteUpstream> {
    const upstream = new ByteUpstream()
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      upstream.#accept(socket)
    }).listen(0, '127.0.0.1')
    scope.teardown(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    await once(server, 'listening')
    upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return upstream
  }

  #accept(socket: Socket): void {
    let bytes = ''
    socket.setEncoding('latin1').on('error', () => {})
    socket.on('close', () => {
      if (bytes !== '') this.cut.push(bytes)
    })
    socket.on('data', (text: string) => {
      bytes += text
      for (;;) {
        const request = bytes === '' ? INCOMPLETE : strictRequest(bytes)
        if (request === INCOMPLETE) return
        if (typeof request === 'string') {
          this.unreadable.push(`${request} in ${JSON.stringify(bytes.slice(0, 2_000))}`)
          return void socket.destroy()
        }
        bytes = bytes.slice(request.raw.length)
        this.requests.push(request)
        socket.write(answerTo(request), 'latin1')
      }
    })
  }
}

function answerTo({ method, target }: StrictRequest): string {
  const body = `${method} ${target}`
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`
  return method === 'HEAD' ? head : head + body
}
