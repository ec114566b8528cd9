import { encode } from '@ipld/dag-cbor'
import { varint } from 'multiformats'
import type { CID } from 'multiformats/cid'
import type { DagBlock } from './ipfs-dag.ts'
import type { IpfsBehaviour } from './ipfs-lies.ts'

/** A CAR in pieces: the header, then each section's length with its CID, and its bytes. */
export function* carParts(
  blocks: readonly DagBlock[],
  root: CID,
  behaviour: IpfsBehaviour = 'honest',
): Generator<Uint8Array> {
  const header = encode({ version: 1, roots: [root] })
  yield Buffer.concat([number(header.length), header])
  const middle = blocks.length >> 1
  for (const [index, { cid, bytes }] of blocks.entries()) {
    if (behaviour === 'huge-varint' && index === middle) yield Buffer.alloc(64, 0xff)
    yield Buffer.concat([number(cid.bytes.length + bytes.length), cid.bytes])
    yield bytes
  }
  if (behaviour === 'append') yield Buffer.from('\n<p>Served by a gateway</p>')
}

function number(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}
