import { createHash } from 'node:crypto'
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

export interface DownloadOptions {
  readonly port: number
  readonly path: string
  /** The Host field. */
  readonly host?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Default: a connection of its own. */
  readonly agent?: Agent
  /** Milliseconds after which it counts as a hang. Bounds, measures nothing. */
  readonly limit?: number
}

/**
 * What a client got. `whole`: an answer that looks complete to a client · `cut`: one that visibly is not · `none`: the
 * connection ended without an answer · `hang`: neither in time.
 */
export interface Download {
  readonly end: 'whole' | 'cut' | 'none' | 'hang'
  /** 0 when no head came. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: number
  /** Of the bytes of the body, hexadecimal. */
  readonly sha256: string
  readonly ms: number
}

/** Downloads with Node's own HTTP client, which takes no short body for a whole one. Never rejects. */
export function download(options: DownloadOptions): Promise<Download> {
  const { port, path, host = 'localhost', method = 'GET', headers = {}, agent, limit = 15_000 } = options
  const hash = createHash('sha256')
  const start = performance.now()
  let bytes = 0
  let head: IncomingMessage | null = null
  return new Promise((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { ...headers, host },
      agent: agent ?? false,
    })
    const finish = (end: Download['end']) => {
      clearTimeout(timer)
      sent.destroy()
      const ms = Math.round(performance.now() - start)
      const seen = { status: head?.statusCode ?? 0, headers: head?.headers ?? {} }
      resolve({ end, ...seen, bytes, sha256: hash.copy().digest('hex'), ms })
    }
    const timer = setTimeout(() => finish('hang'), limit)
    sent.on('error', () => finish(head === null ? 'none' : 'cut'))
    sent.on('response', (response) => {
      head = response
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        hash.update(chunk)
      })
      response.on('error', () => finish('cut'))
      response.on('end', () => finish(response.complete ? 'whole' : 'cut'))
    })
    sent.end()
  })
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
