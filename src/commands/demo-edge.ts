import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { PolycdnError } from '../errors.ts'

/** How long a demo edge stays away. Milliseconds. */
export const OUTAGE = 20_000

export interface DemoEdgeOptions {
  readonly name: string
  readonly host: string
  readonly port: number
}

/**
 * A stand-in for a CDN's edge, or for the origin: it answers every path with a line that names it. `POST /demo/outage`
 * takes it away as a crash would, and brings it back after 20 s.
 */
export class DemoEdge {
  readonly #options: DemoEdgeOptions
  readonly #server: Server
  #return: NodeJS.Timeout | null = null

  static async start(options: DemoEdgeOptions): Promise<DemoEdge> {
    const edge = new DemoEdge(options)
    await edge.#listen()
    return edge
  }

  private constructor(options: DemoEdgeOptions) {
    this.#options = options
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  close(): void {
    if (this.#return !== null) clearTimeout(this.#return)
    this.#stop()
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be opened: ${error.code}`
        reject(new PolycdnError('address_in_use', `${host}:${port}, where the demo wants an edge, ${reason}`))
      })
      this.#server.listen(port, host, resolve)
    })
  }

  #stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { name } = this.#options
    request.resume()
    if (request.method === 'POST' && request.url === '/demo/outage') {
      response.end(`${name} is gone for ${OUTAGE / 1000} seconds\n`, () => this.#outage())
      return
    }
    const body = `hello from ${name}\n`
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length, etag, 'x-edge': name }
    response.writeHead(200, headers)
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  #outage(): void {
    this.#stop()
    this.#return = setTimeout(() => void this.#listen().catch(() => {}), OUTAGE)
  }
}
