import { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { admitCid } from './cid.ts'
import { fields, singleFields } from './protobuf.ts'

/** Of a directory: long before it has as many it is sharded. */
export const MAX_LINKS = 32_768

/** A node whose links are only found yet: a directory has thousands, of which one counts. */
export interface PbNode {
  readonly data: Uint8Array
  readonly links: readonly Uint8Array[]
}

/** https://ipld.io/specs/codecs/dag-pb/spec/: a PBNode. */
export function splitNode(bytes: Uint8Array): PbNode {
  const links: Uint8Array[] = []
  let data: Uint8Array | null = null
  for (const { number, value } of fields(bytes)) {
    const good = value instanceof Uint8Array && (number === 2 || (number === 1 && data === null))
    if (!good) throw new ProofError('unproved', 'a block is no DAG-PB node')
    if (number === 1) data = value
    else if (links.push(value) > MAX_LINKS) throw new ProofError('too-large', `a node of more than ${MAX_LINKS} links`)
  }
  if (data === null) throw new ProofError('unproved', 'a node without UnixFS data')
  return { data, links }
}

/** The name of a PBLink, undecoded. */
export function linkName(link: Uint8Array): Uint8Array {
  // Hash, Name, Tsize, in this order and in few bytes each: what every writer emits.
  const size = link[1] ?? 0
  const at = 2 + size
  const short = link[0] === 0x0a && size < 0x80 && link[at] === 0x12 && link[at + 1]! < 0x80
  if (short) return link.subarray(at + 2, at + 2 + link[at + 1]!)
  const name = singleFields(link).get(2)
  return name instanceof Uint8Array ? name : new Uint8Array(0)
}

/** Where a PBLink leads. */
export function linkCid(link: Uint8Array): CID {
  const hash = singleFields(link).get(1)
  let cid: CID | null = null
  try {
    if (hash instanceof Uint8Array) cid = CID.decode(hash)
  } catch {}
  if (cid === null) throw new ProofError('unproved', 'a link without a CID')
  return admitCid(cid)
}
