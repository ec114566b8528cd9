import { createCipheriv, createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from '../helpers/scope.ts'

/** Bytes: what lies in the table of the cache, in one file, and in several pieces. */
const LEAST = 500
const MOST = 3 * 2 ** 20

/** The content of a path: noise of that path alone, so that a byte of another object or place shows. */
export function contentOf(path: string): Buffer {
  const digest = createHash('sha256').update(path).digest()
  const size = Math.round(LEAST * (MOST / LEAST) ** (digest.readUInt32BE(0) / 2 ** 32))
  return createCipheriv('aes-128-ctr', digest.subarray(0, 16), digest.subarray(16)).update(Buffer.alloc(size))
}

/** An origin that has an object for every path, fresh for an hour. Gives its URL. */
export async function startSeededOrigin(scope: Scope): Promise<string> {
  const server: Server = createServer((request, response) => {
    const body = contentOf(request.url!)
    const fields = { 'cache-control': 'max-age=3600', etag: `"${request.url}"`, 'content-length': body.length }
    response.writeHead(200, fields).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
