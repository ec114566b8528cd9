import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

/** What a server of files can say that is not true, or not do. */
export const LIES = [
  'flip-first',
  'flip-middle',
  'flip-last',
  'swap',
  'other-file',
  'zeros',
  'cut-clean',
  'cut-reset',
  'append',
  'html',
  'empty',
  'stall',
  'stall-in-body',
  '502',
  '404',
  '410',
  '429',
  'redirect',
  'gzip',
  'wrong-range',
  'not-satisfiable',
  'wrong-size',
] as const

export type Lie = (typeof LIES)[number]

/** True, but odd: what comes of these is right. */
export const ODDITIES = ['no-ranges', 'wrong-type', 'wrong-etag', 'chunked'] as const

export type Oddity = (typeof ODDITIES)[number]

export interface LyingServer {
  readonly url: string
  readonly port: number
  /** `GET /path bytes=0-1` each. */
  readonly requests: string[]
  /** The header fields of each request, flat. */
  readonly fields: (readonly string[])[]
  lie: Lie | Oddity | null
  /** Called when a request has come, before its answer. */
  onRequest: () => void
  /** By path, as requests name it. */
  files: ReadonlyMap<string, Buffer>
}

/** A static file server with ranges on loopback, which lies on demand. */
export async function lyingServer(scope: Scope, files: ReadonlyMap<string, Buffer>): Promise<LyingServer> {
  const server = createServer((request, response) => serve(lying, request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => server.close().closeAllConnections())
  const { port } = server.address() as AddressInfo
  const lying: LyingServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    fields: [],
    lie: null,
    onRequest: () => {},
    files,
  }
  return lying
}

function serve(server: LyingServer, request: IncomingMessage, response: ServerResponse): void {
  server.onRequest()
  const { lie, files } = server
  const path = request.url!.split('?')[0]!
  server.requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim())
  server.fields.push(request.rawHeaders)
  const file = files.get(path)
  if (lie === 'stall') return
  if (lie === 'html') return plain(response, 200, '<html><title>Just a moment</title></html>', 'text/html')
  if (lie === 'empty') return plain(response, 200, '')
  if (lie === 'redirect') return void response.writeHead(302, { location: 'https://example.net/' }).end()
  if (lie === 'not-satisfiable') return plain(response, 416, '')
  if (lie === '429') return void response.writeHead(429, { 'retry-after': '30' }).end()
  if (lie === '502' || lie === '404' || lie === '410') return plain(response, Number(lie), 'no')
  if (file === undefined) return plain(response, 404, 'not found')
  answer(server, file, request, response)
}

function answer({ lie }: LyingServer, file: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const asked = lie === 'no-ranges' ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const first = asked === null ? 0 : Number(asked[1])
  const last = asked === null || asked[2] === '' ? file.length - 1 : Math.min(Number(asked[2]), file.length - 1)
  const body = told(lie, file, first, last)
  const shift = lie === 'wrong-range' && first > 0 ? 1 : 0
  const size = lie === 'wrong-size' ? file.length + 1 : file.length
  const fields: Record<string, string> = { etag: lie === 'wrong-etag' ? 'W/"x"' : '"etag"' }
  fields['content-type'] = lie === 'wrong-type' ? 'text/x-evil' : 'application/octet-stream'
  if (lie === 'gzip') fields['content-encoding'] = 'gzip'
  if (asked !== null) fields['content-range'] = `bytes ${first + shift}-${last + shift}/${size}`
  const promised = lie === 'cut-reset' || lie === 'stall-in-body' ? last - first + 1 : body.length
  if (lie !== 'chunked')
    fields['content-length'] = String(lie === 'wrong-size' && asked === null ? promised + 1 : promised)
  response.writeHead(asked === null ? 200 : 206, fields)
  if (lie === 'cut-reset') return void response.write(body, () => response.destroy())
  if (lie === 'stall-in-body') return void response.write(body)
  response.end(body)
}

/** The bytes that are sent instead of the true ones. */
function told(lie: LyingServer['lie'], file: Buffer, first: number, last: number): Buffer {
  const truth = Buffer.from(file.subarray(first, last + 1))
  const flip = (at: number) => {
    truth[at] = truth[at]! ^ 1
    return truth
  }
  if (lie === 'flip-first') return flip(0)
  if (lie === 'flip-middle') return flip(truth.length >> 1)
  if (lie === 'flip-last') return flip(truth.length - 1)
  if (lie === 'swap')
    return truth.length < 2
      ? flip(0)
      : Buffer.concat([truth.subarray(truth.length >> 1), truth.subarray(0, truth.length >> 1)])
  if (lie === 'other-file') return Buffer.alloc(truth.length, 'other')
  if (lie === 'zeros') return Buffer.alloc(truth.length)
  if (lie === 'append') return Buffer.concat([truth, Buffer.from('more')])
  if (lie === 'cut-clean' || lie === 'cut-reset' || lie === 'stall-in-body')
    return truth.subarray(0, (truth.length * 2) / 5)
  return truth
}

function plain(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body)
}
