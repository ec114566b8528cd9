import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { DagBlock } from './ipfs-dag.ts'

/** What a gateway may do, to one request or to all of them. */
export type IpfsBehaviour =
  | 'honest'
  /** Lacks of an honest gateway. */
  | 'no-car'
  | 'no-raw'
  | 'no-dups'
  | 'no-order'
  | 'whole-entity'
  | 'lacks-block'
  /** Lies about blocks. */
  | 'flip-first'
  | 'flip-middle'
  | 'flip-last'
  | 'swap'
  | 'other-block'
  | 'wrong-root'
  | 'extra-blocks'
  | 'big-block'
  | 'huge-varint'
  | 'append'
  /** Ways to end, or not to. */
  | 'cut'
  | 'end-early'
  | 'stall'
  | 'stall-middle'
  | 'drip'
  /** Answers that are none. */
  | 'html'
  | 'empty'
  | 'wrong-type'
  | 'redirect'
  | '404'
  | '410'
  | '429'
  | '502'

/** Those of which no wrong byte may come, and after which the next gateway has to be asked. */
export const IPFS_LIES = [
  'flip-first',
  'flip-middle',
  'flip-last',
  'swap',
  'other-block',
  'wrong-root',
  'extra-blocks',
  'big-block',
  'huge-varint',
  'append',
  'cut',
  'end-early',
  'html',
  'empty',
  'wrong-type',
  'redirect',
  '404',
  '410',
  '429',
  '502',
] as const satisfies readonly IpfsBehaviour[]

const foreign = Buffer.from('a block of another tree')
/** It hashes to its CID, and belongs to nothing that is asked for. */
const FOREIGN: DagBlock = {
  cid: CID.createV1(0x55, create(0x12, createHash('sha256').update(foreign).digest())),
  bytes: foreign,
}

const BIG = Buffer.alloc(2 * 1024 * 1024 + 1)

/** The sections of a CAR as a lying gateway sends them. */
export function lieInCar(blocks: readonly DagBlock[], behaviour: IpfsBehaviour): DagBlock[] {
  const told = [...blocks]
  const middle = told.length >> 1
  const change = (index: number, bytes: Uint8Array) => told.splice(index, 1, { cid: told[index]!.cid, bytes })
  if (told.length === 0) return told
  if (behaviour === 'flip-first') change(0, flipped(told[0]!.bytes, 0))
  if (behaviour === 'flip-middle') change(middle, flipped(told[middle]!.bytes, told[middle]!.bytes.length >> 1))
  if (behaviour === 'flip-last') change(told.length - 1, flipped(told.at(-1)!.bytes, told.at(-1)!.bytes.length - 1))
  if (behaviour === 'other-block') change(middle, Buffer.alloc(told[middle]!.bytes.length || 1, 'lie'))
  if (behaviour === 'wrong-root') told.splice(0, 1, FOREIGN)
  if (behaviour === 'extra-blocks') told.splice(middle, 0, FOREIGN)
  if (behaviour === 'big-block') change(middle, BIG)
  if (behaviour === 'lacks-block') told.splice(Math.max(1, middle), 1)
  if (behaviour === 'swap') {
    if (told.length < 2) change(0, flipped(told[0]!.bytes, 0))
    else told.splice(told.length - 2, 2, told.at(-1)!, told.at(-2)!)
  }
  return told
}

/** A block that is sent alone. */
export function lieInBlock(bytes: Uint8Array, behaviour: IpfsBehaviour): Uint8Array {
  if (behaviour === 'flip-first') return flipped(bytes, 0)
  if (behaviour === 'flip-middle') return flipped(bytes, bytes.length >> 1)
  if (behaviour === 'flip-last') return flipped(bytes, bytes.length - 1)
  if (behaviour === 'big-block') return BIG
  if (behaviour === 'append' || behaviour === 'extra-blocks') return Buffer.concat([bytes, Buffer.from('lie')])
  const other: readonly IpfsBehaviour[] = ['swap', 'other-block', 'wrong-root', 'huge-varint']
  return other.includes(behaviour) ? Buffer.alloc(bytes.length || 1, 'lie') : bytes
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.length === 0 ? Buffer.alloc(1) : Buffer.from(bytes)
  const index = Math.max(0, Math.min(at, copy.length - 1))
  copy[index] = copy[index]! ^ 1
  return copy
}
