import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type DemoAddress, listenAt, stop } from './demo-listen.ts'

/** How long a demo edge stays away. Milliseconds. */
export const OUTAGE = 20_000

export interface DemoEdgeOptions extends DemoAddress {
  readonly name: string
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
    await listenAt(edge.#server, options)
    return edge
  }

  private constructor(options: DemoEdgeOptions) {
    this.#options = options
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  close(): void {
    if (this.#return !== null) clearTimeout(this.#return)
    stop(this.#server)
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
    stop(this.#server)
    this.#return = setTimeout(() => void listenAt(this.#server, this.#options).catch(() => {}), OUTAGE)
  }
}
