import { IpfsProof } from '../src/providers/ipfs/ipfs-proof.ts'
import { carParts } from '../test/helpers/ipfs-car.ts'
import { Dag } from '../test/helpers/ipfs-dag.ts'
import { ipfsGateway } from '../test/helpers/ipfs-gateway.ts'
import { ipfsUpstream } from '../test/helpers/ipfs-upstream.ts'
import { CAR_TYPE, memoryUpstream } from '../test/providers/ipfs/support/memory-upstream.ts'
import { noise } from '../test/providers/ipfs/support/noise.ts'
import { Run } from './run.ts'

/**
 * `node bench/ipfs-walk.ts [MIB]`: what proving costs. A file as a CAR in chunks of 64 KiB, in memory and over loopback,
 * read and verified, against the same bytes only read.
 */
const MIB = 1024 * 1024
const CHUNK = 64 * 1024
const size = Number(process.argv[2] ?? 100) * MIB
const run = new Run()
const dag = new Dag()
const root = await dag.add({ 'file.bin': noise(size, 1) })
const path = dag.resolve(root, ['file.bin'])!
const car = Buffer.concat([...carParts([...path.slice(0, -1), ...dag.entity(path.at(-1)!.cid)], root)])
const gateway = await ipfsGateway(run, dag)

const memory = memoryUpstream(() => ({ type: CAR_TYPE, body: chunks() }))
const loopback = ipfsUpstream(run, gateway.url, 10_000)
const rawGateway = await ipfsGateway(run, dag, 'no-car')
const raw = ipfsUpstream(run, rawGateway.url, 10_000)

const target = `/ipfs/${root}/file.bin?format=car&dag-scope=entity`
const reads: Readonly<Record<string, () => Promise<number>>> = {
  'memory, unverified': async () => drain((await memory.ask({ path: target })).body),
  'memory, verified': () => prove(memory),
  'loopback, unverified': async () => drain((await loopback.ask({ path: target })).body),
  'loopback, verified': () => prove(loopback),
  'loopback, raw blocks': () => prove(raw),
}
for (const [name, read] of Object.entries(reads)) {
  const rates: number[] = []
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    const bytes = await read()
    if (bytes < size) throw new Error(`${name}: ${bytes} bytes`)
    rates.push(size / MIB / ((performance.now() - began) / 1000))
  }
  console.log(`${name.padEnd(22)} ${rates.sort((a, b) => a - b)[2]!.toFixed(0)} MiB/s (median of 5)`)
}
await run.end()

async function prove(upstream: typeof memory): Promise<number> {
  const located = await new IpfsProof({ root, path: '/file.bin' }).locate(upstream, { first: 0, last: null })
  if (located.kind !== 'object') throw new Error(located.kind)
  return drain(located.read(0, located.size - 1))
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const part of body) bytes += part.length
  return bytes
}

function* chunks(): Generator<Uint8Array> {
  for (let at = 0; at < car.length; at += CHUNK) yield car.subarray(at, at + CHUNK)
}
