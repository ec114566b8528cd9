import { request } from 'node:http'

export interface Seen {
  readonly end: 'whole' | 'cut' | 'none'
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly bytes: Buffer
  /** As they came, flat. */
  readonly fields: readonly string[]
}

/** What reaches a client's socket, byte by byte, also of an answer that is cut. */
export function seen(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Seen> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let status = 0
    let got: Seen['headers'] = {}
    let fields: readonly string[] = []
    const finish = (end: Seen['end']) => resolve({ end, status, headers: got, fields, bytes: Buffer.concat(parts) })
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      status = response.statusCode!
      got = response.headers
      fields = response.rawHeaders
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => finish(response.complete ? 'whole' : 'cut'))
      response.on('error', () => finish('cut'))
    })
    sent.on('error', () => finish(status === 0 ? 'none' : 'cut')).end()
  })
}
