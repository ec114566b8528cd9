import { hash } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createIPNSRecordWithExpiration, marshalIPNSRecord } from 'ipns'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { TruncatedError } from '../../../../src/providers/ipfs/byte-reader.ts'
import { lookUp } from '../../../../src/providers/ipfs/directory.ts'
import { IpfsProof } from '../../../../src/providers/ipfs/ipfs-proof.ts'
import { verifyIpnsRecord } from '../../../../src/providers/ipfs/ipns.ts'
import { parseIpnsName } from '../../../../src/providers/ipfs/ipns-name.ts'
import { parseDenylist } from '../../../../src/providers/ipfs/parse-denylist.ts'
import { applyRedirects, parseRedirects } from '../../../../src/providers/ipfs/redirects-file.ts'
import { decodeNode } from '../../../../src/providers/ipfs/unixfs.ts'
import { ProofError, UpstreamStatus } from '../../../../src/providers/proof.ts'
import { carParts } from '../../../helpers/ipfs-car.ts'
import { Dag, type DagBlock } from '../../../helpers/ipfs-dag.ts'
import type { FuzzOptions } from '../../../helpers/random.ts'
import { fetchFile } from './fetch-file.ts'
import { CAR_TYPE, memoryUpstream } from './memory-upstream.ts'
import { noise } from './noise.ts'

export interface Fuzzed {
  readonly rounds: number
  /** Rounds in which the damage was not noticed because it hit nothing that counts: what came out was whole. */
  readonly whole: number
  /** What must not be: a crash, a wrong byte. */
  readonly bad: readonly string[]
}

/** Damages CARs, nodes, records and lists. Nothing but a refusal, or the right bytes, may come of it. */
export async function fuzzIpfs({ random, more }: FuzzOptions): Promise<Fuzzed> {
  const targets = [await carTarget(random), await nodeTarget(random), await recordTarget(random), textTarget(random)]
  const bad: string[] = []
  let [rounds, whole] = [0, 0]
  for (; more(); rounds++) {
    try {
      const wrong = await targets[rounds % targets.length]!()
      if (wrong === null) whole++
      else bad.push(`round ${rounds}: ${wrong}`)
    } catch (error) {
      if (!isRefusal(error)) bad.push(`round ${rounds}: ${error instanceof Error ? error.stack : error}`)
    }
  }
  return { rounds, whole, bad }
}

/** Throws a refusal; null where the right thing came out; else what is wrong. */
type Target = () => Promise<string | null>

function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefusal)
  return error instanceof ProofError || error instanceof UpstreamStatus || error instanceof TruncatedError
}

async function carTarget(random: () => number): Promise<Target> {
  const dag = new Dag()
  const content = noise(3000, 9)
  const root = await dag.add(
    { 'a.bin': content, 'b.txt': Buffer.from('b') },
    { chunkSize: 500, shardSplitThresholdBytes: 1 },
  )
  const path = dag.resolve(root, ['a.bin'])!
  const blocks: DagBlock[] = [...path.slice(0, -1), ...dag.entity(path.at(-1)!.cid)]
  const car = Buffer.concat([...carParts(blocks, root)])
  return async () => {
    const damaged = damage(car, random)
    const upstream = memoryUpstream(() => ({ type: CAR_TYPE, body: chunks(damaged, random) }))
    const seen: Uint8Array[] = []
    const proof = new IpfsProof({ root, path: '/a.bin' })
    const located = await proof.locate(upstream, { first: 0, last: null })
    if (located.kind !== 'object') return 'another kind of object'
    try {
      for await (const part of located.read(0, located.size - 1)) seen.push(part)
    } finally {
      if (!content.subarray(0, Buffer.concat(seen).length).equals(Buffer.concat(seen))) seen.push(Buffer.alloc(9999))
    }
    return Buffer.concat(seen).equals(content) ? null : 'wrong bytes'
  }
}

/** Damaged nodes under their own CIDs: the content lies, not the endpoint. */
async function nodeTarget(random: () => number): Promise<Target> {
  const dag = new Dag()
  await dag.add(
    { 'a.bin': noise(3000, 9), 'b/c.txt': Buffer.from('b') },
    { chunkSize: 500, shardSplitThresholdBytes: 1 },
  )
  await dag.add(
    { 'a.bin': noise(3000, 9), 'b/c.txt': Buffer.from('b') },
    { chunkSize: 500, rawLeaves: false, cidVersion: 0 },
  )
  const nodes = [...dag.blocks.values()].filter((bytes) => bytes[0] === 0x12 || bytes[0] === 0x0a)
  return async () => {
    const bytes = damage(nodes[Math.floor(random() * nodes.length)]!, random)
    const cid = CID.createV1(0x70, create(0x12, hash('sha256', bytes, 'buffer')))
    const node = decodeNode(cid, { parts: [bytes], size: bytes.length })
    if (node.kind !== 'file') return lookUp(node, 'a.bin', 0) === undefined ? 'no answer' : null
    dag.put(cid, bytes)
    const upstream = memoryUpstream(({ path }) => {
      const block = dag.get(CID.parse(/^\/ipfs\/([^?/]+)/.exec(path)![1]!))
      return block === undefined || path.includes('=car') ? null : { type: 'application/vnd.ipld.raw', body: [block] }
    })
    const { object, bytes: read } = await fetchFile(new IpfsProof({ root: cid, path: '' }), [upstream])
    return read.length === object.size ? null : 'another length than said'
  }
}

async function recordTarget(random: () => number): Promise<Target> {
  const key = await generateKeyPair('Ed25519')
  const name = parseIpnsName(key.publicKey.toCID().toString(base36))
  const value = '/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
  const record = marshalIPNSRecord(
    await createIPNSRecordWithExpiration(key, value, 7, '2030-01-02T03:04:05.678000000Z'),
  )
  return async () => {
    const { sequence, value } = verifyIpnsRecord(name!, damage(record, random), 0)
    return sequence === 7n && value.space === 'ipfs' ? null : 'a forged record'
  }
}

function textTarget(random: () => number): Target {
  const redirects = Buffer.from('/a/* /b/:splat 301\n/:x/y https://h.example/:x 302\n/* /index.html 200\n')
  const list = Buffer.from(
    'version: 1\n---\n/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/*\n!/ipns/x.example\n//QmX9d\n',
  )
  return async () => {
    parseDenylist(damage(list, random).toString('utf8')).list.blocks({ space: 'ipns', id: 'x.example', path: '/%' })
    const found = applyRedirects(parseRedirects(damage(redirects, random).toString('utf8')), [
      'a',
      '/evil.example',
      '\r\n',
    ])
    return found !== null && /^\/\/|[\r\n]/.test(found.to) ? `a redirect to ${found.to}` : null
  }
}

/** One to four small changes: a bit, a byte, a cut, a copy of a part elsewhere. */
function damage(bytes: Uint8Array, random: () => number): Buffer {
  let copy = Buffer.from(bytes)
  const at = () => Math.floor(random() * copy.length)
  for (let left = 1 + Math.floor(random() * 4); left > 0 && copy.length > 0; left--) {
    const kind = Math.floor(random() * 5)
    if (kind === 0) copy[at()]! ^= 1 << Math.floor(random() * 8)
    else if (kind === 1) copy[at()] = random() < 0.5 ? 0xff : Math.floor(random() * 256)
    else if (kind === 2) copy = copy.subarray(0, at())
    else {
      const [from, to, where] = [at(), at(), at()]
      const part = copy.subarray(Math.min(from, to), Math.max(from, to))
      copy = Buffer.concat([copy.subarray(0, where), part, copy.subarray(kind === 3 ? where : where + part.length)])
    }
  }
  return copy
}

function* chunks(bytes: Uint8Array, random: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * 900)
    yield bytes.subarray(at, end)
    at = end
  }
}
