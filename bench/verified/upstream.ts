import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encode } from '@ipld/dag-cbor'
import { varint } from 'multiformats'
import { CID } from 'multiformats/cid'
import { Dag, type DagBlock } from '../../test/helpers/ipfs-dag.ts'

/**
 * `node bench/verified/upstream.ts FILE [DELAY]`: the networks of the benchmark in a process of their own. One file from
 * memory: as `/file.bin` of a CDN, as the CAR of a tree that has it under that name, and as single blocks. Each answer
 * begins DELAY milliseconds late. Prints `{ port, root, file }` as JSON, CIDs as text.
 */
export interface UpstreamReady {
  readonly port: number
  readonly root: string
  readonly file: string
}

const [path, delay = '0'] = process.argv.slice(2)
const content = readFileSync(path!)
const dag = new Dag()
const root = await dag.add({ 'file.bin': content })
const [directory, file] = dag.resolve(root, ['file.bin'])!
const header = encode({ version: 1, roots: [root] })
const car = [Buffer.concat([number(header.length), header]), ...[directory!, ...dag.entity(file!.cid)].map(section)]

function answer(url: string, response: ServerResponse): Promise<void> | unknown {
  const { pathname, searchParams } = new URL(url, 'http://upstream')
  if (pathname === '/file.bin') {
    return send(response, 'application/octet-stream', content)
  }
  if (searchParams.get('format') === 'car') {
    response.writeHead(200, { 'content-type': 'application/vnd.ipld.car; version=1; order=dfs; dups=y' })
    return sendCar(response)
  }
  const block = dag.get(CID.parse(pathname.split('/')[2] ?? ''))
  if (block === undefined) return response.writeHead(404).end()
  return send(response, 'application/vnd.ipld.raw', block)
}

function send(response: ServerResponse, type: string, body: Uint8Array): void {
  response.writeHead(200, { 'content-type': type, 'content-length': body.length, etag: '"1"' }).end(body)
}

/** A block at a time, without a length, as gateways do that read from a block store. */
async function sendCar(response: ServerResponse): Promise<void> {
  for (const part of car) {
    if (response.destroyed) return
    if (!response.write(part))
      await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve))
  }
  response.end()
}

function section({ cid, bytes }: DagBlock): Buffer {
  return Buffer.concat([number(cid.bytes.length + bytes.length), cid.bytes, bytes])
}

function number(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}

const server = createServer({ keepAlive: true }, ({ url = '/' }, response) => {
  setTimeout(() => answer(url, response), Number(delay))
})
server.listen(0, '127.0.0.1', () => {
  const ready: UpstreamReady = { port: (server.address() as AddressInfo).port, root: `${root}`, file: `${file!.cid}` }
  console.log(JSON.stringify(ready))
})
