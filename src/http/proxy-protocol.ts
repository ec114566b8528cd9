import { type Address, parseAddress } from '../geo/address.ts'

/** What the first bytes of a connection say of it. */
export type ProxyHeader =
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid' }
  /** `source`: for whom the proxy speaks; null where it speaks for itself or does not know. `length` in bytes. */
  | { readonly kind: 'header'; readonly source: Address | null; readonly length: number }

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' }
const INVALID: ProxyHeader = { kind: 'invalid' }

/** "PROXY TCP6", two addresses and two ports of the greatest length, and CRLF. */
const LONGEST_V1 = 107
const SIGNATURE_V1 = Buffer.from('PROXY ')
const SIGNATURE_V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
/** Addresses and TLVs of a version 2 header; a chain of proxies adds some, nobody adds kilobytes. */
const LONGEST_V2 = 2048
const LINE_V1 =
  /^PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP4|TCP6) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d{1,5}) (\d{1,5}))\r\n$/

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (HAProxy's proxy-protocol.txt, sections 2.1 and 2.2). `LOCAL`,
 * `UNKNOWN` and addresses of other families name nobody, and the connection speaks for itself.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (begins(bytes, SIGNATURE_V2)) return bytes.length < 16 ? INCOMPLETE : parseV2(bytes)
  if (begins(bytes, SIGNATURE_V1)) return parseV1(bytes)
  return INVALID
}

/** Whether the bytes are the beginning of the signature, or it is theirs. */
function begins(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length)
  return bytes.subarray(0, length).equals(signature.subarray(0, length))
}

function parseV1(bytes: Buffer): ProxyHeader {
  const length = bytes.subarray(0, LONGEST_V1).indexOf('\n') + 1
  if (length === 0) return bytes.length < LONGEST_V1 ? INCOMPLETE : INVALID
  const line = LINE_V1.exec(bytes.toString('latin1', 0, length))
  if (line === null) return INVALID
  const [, family, from, to, ...ports] = line
  if (family === undefined) return { kind: 'header', source: null, length }
  const source = addressOf(from!, family)
  const fine = source !== null && addressOf(to!, family) !== null && ports.every(isPort)
  return fine ? { kind: 'header', source, length } : INVALID
}

/** As written, in the family that the line says: an IPv4 address in IPv6 notation is none of TCP4. */
function addressOf(text: string, family: string): Address | null {
  return text.includes(':') === (family === 'TCP6') ? parseAddress(text) : null
}

function isPort(text: string): boolean {
  return Number(text) <= 65_535 && (text === '0' || !text.startsWith('0'))
}

function parseV2(bytes: Buffer): ProxyHeader {
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 15
  const size = bytes.readUInt16BE(14)
  if (version !== 2 || command > 1 || size > LONGEST_V2) return INVALID
  const length = 16 + size
  if (bytes.length < length) return INCOMPLETE
  const family = bytes[13]! >> 4
  const needed = family === 1 ? 12 : family === 2 ? 36 : 0
  if (family > 3 || (bytes[13]! & 15) > 2 || size < needed) return INVALID
  const named = command === 1 && needed > 0
  return { kind: 'header', source: named ? addressAt(bytes, family === 1 ? 4 : 16) : null, length }
}

function addressAt(bytes: Buffer, size: 4 | 16): Address | null {
  const raw = bytes.subarray(16, 16 + size)
  if (size === 4) return parseAddress(raw.join('.'))
  const groups = Array.from({ length: 8 }, (_, at) => raw.readUInt16BE(at * 2).toString(16))
  return parseAddress(groups.join(':'))
}
