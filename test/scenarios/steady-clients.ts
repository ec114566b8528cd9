import { Agent } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import { CA } from '../helpers/certificates.ts'
import { get } from '../helpers/http.ts'

export interface Answered {
  readonly status: number
  readonly body: string
}

/** Asks for `url` on one connection, until that is left and the next request makes another. */
export interface SteadyClient {
  /** Rejects when no whole answer comes. */
  ask(): Promise<Answered>
  leave(): void
}

/** HTTP/1.1 in the clear. */
export function plainClient(url: string): SteadyClient {
  let agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    ask: () => get(url, { agent }),
    leave() {
      agent.destroy()
      agent = new Agent({ keepAlive: true, maxSockets: 1 })
    },
  }
}

/** HTTP/2 over TLS. */
export function secureClient(url: string): SteadyClient {
  const { origin, pathname } = new URL(url)
  let session: ClientHttp2Session | null = null
  return {
    async ask() {
      // Its streams report what happens to it.
      session ??= connect(origin, { ca: CA, servername: 'localhost' }).on('error', () => {})
      const stream = session.request({ ':path': pathname })
      let status = 0
      stream.on('response', (fields) => {
        status = fields[':status'] ?? 0
      })
      return { body: await text(stream), status }
    },
    leave() {
      session?.close()
      session = null
    },
  }
}
