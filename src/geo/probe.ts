import type { Address } from './address.ts'
import { parseAddress } from './address.ts'
import { formatAddress } from './address-text.ts'
import type { GeoFacts } from './record.ts'

type Look = (address: Address) => GeoFacts & { readonly prefix: number }
type Wanted = (facts: GeoFacts) => boolean

const IN_ORDER = 400
const SPREAD = 256

/**
 * Looks up addresses all over a database: the first networks of each family one after the other, which is all of a
 * small database, and some from everywhere. Tells whether any of them had what is wanted. Throws what a look-up throws.
 */
export function probe(look: Look, ipVersion: number, isWanted: Wanted): boolean {
  const starts = ipVersion === 6 ? ['0.0.0.0', '2000::'] : ['0.0.0.0']
  let found = false
  for (const start of starts) {
    const first = parseAddress(start)!
    for (const facts of inOrder(look, first)) found ||= isWanted(facts)
    for (const address of spread(first)) found ||= isWanted(look(address))
  }
  return found
}

function* inOrder(look: Look, first: Address): Generator<GeoFacts> {
  const bits = first.bytes.length * 8
  const end = 1n << BigInt(bits)
  let at = toNumber(first.bytes)
  for (let count = 0; count < IN_ORDER && at < end; count++) {
    const answer = look(toAddress(at, first.family))
    yield answer
    const size = 1n << BigInt(bits - answer.prefix)
    at = (at / size + 1n) * size
  }
}

/** Multiples of an odd fraction of the space: unicast IPv4, and 2000::/3. */
function* spread(first: Address): Generator<Address> {
  const step = first.family === 4 ? 0x00df_0707n : 0x001f_0707_0707n << 80n
  let at = toNumber(first.bytes)
  for (let count = 0; count < SPREAD; count++, at += step) yield toAddress(at, first.family)
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function toAddress(number: bigint, family: 4 | 6): Address {
  const bytes = new Uint8Array(family === 4 ? 4 : 16)
  let rest = number
  for (let index = bytes.length - 1; index >= 0; index--, rest >>= 8n) bytes[index] = Number(rest & 0xffn)
  return { family, bytes, text: formatAddress(bytes) }
}
