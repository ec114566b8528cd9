import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { Scope } from './scope.ts'

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface GetOptions {
  readonly method?: string
  /** May name Host, unlike with fetch. */
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: Agent
}

/** One request with node:http, read to its end. */
export function get(url: string, options: GetOptions = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, agent } = options
    const sent = request(url, { method, headers: { ...headers }, ...(agent ? { agent } : {}) }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(parts).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    sent.on('error', reject).end()
  })
}

/** Keep-alive connections, at most so many at once, closed with the scope. */
export function keepAlive(scope: Scope, maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets })
  scope.teardown(() => agent.destroy())
  return agent
}
