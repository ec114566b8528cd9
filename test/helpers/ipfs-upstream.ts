import type { Readable } from 'node:stream'
import { Pool } from 'undici'
import type { Ask, AskedEndpoint, Reply } from '../../src/providers/proof.ts'
import type { Scope } from './scope.ts'

/** The plainest upstream: HTTP, without limits of its own but for pauses. */
export function ipfsUpstream(scope: Scope, url: string, pauseMs = 1000): AskedEndpoint {
  const pool = new Pool(url, { bodyTimeout: pauseMs, headersTimeout: pauseMs, connections: 64 })
  scope.teardown(() => pool.destroy())
  const ask = async ({ path, accept, range }: Ask): Promise<Reply> => {
    const headers = { ...(accept && { accept }), ...(range && { range }) }
    const answer = await pool.request({ path, method: 'GET', headers })
    const header = (name: string) => {
      const value = answer.headers[name]
      return typeof value === 'string' ? value : null
    }
    return { status: answer.statusCode, header, body: cancellable(answer.body) }
  }
  return { key: url, ask }
}

function cancellable(body: Readable): AsyncIterable<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  const cancel = async () => {
    body.on('error', () => {})
    body.destroy()
    return { done: true as const, value: undefined }
  }
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next(), return: cancel }) }
}
