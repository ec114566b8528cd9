import { formatAddress, parseIpv4, parseIpv6 } from './address-text.ts'

/** An IP address. IPv4 that arrived inside IPv6 (mapped, NAT64) is an IPv4 address here. */
export interface Address {
  readonly family: 4 | 6
  /** 4 or 16 bytes, in network order. */
  readonly bytes: Uint8Array
  /** Dotted decimal, or RFC 5952. */
  readonly text: string
}

/** `::ffff:0:0/96`, RFC 4291 section 2.5.5.2. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
/** `64:ff9b::/96`, the well-known prefix of NAT64, RFC 6052 section 2.1. */
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]

/** RFC 4007 section 11: `%` and a zone. It names an interface of this machine, which says nothing about a place. */
const ZONE = /^([^%]+)%[0-9A-Za-z._~-]{1,32}$/

const LONGEST = 45 + 1 + 32

/** The address that the text is, and nothing else is: no spaces, no leading zeros, no port. null otherwise. */
export function parseAddress(text: string): Address | null {
  if (text.length > LONGEST) return null
  if (!text.includes(':')) return makeAddress(parseIpv4(text))
  const bare = text.includes('%') ? ZONE.exec(text)?.[1] : text
  const bytes = bare === undefined ? null : parseIpv6(bare)
  return makeAddress(bytes !== null && isTranslated(bytes) ? bytes.slice(12) : bytes)
}

function makeAddress(bytes: Uint8Array | null): Address | null {
  if (bytes === null) return null
  return { family: bytes.length === 4 ? 4 : 6, bytes, text: formatAddress(bytes) }
}

/** Whether these 16 bytes carry an IPv4 address in their last four. */
export function isTranslated(bytes: Uint8Array): boolean {
  return MAPPED.every((byte, index) => bytes[index] === byte) || NAT64.every((byte, index) => bytes[index] === byte)
}

/** The first address of the network around the address: `81.2.69.0` for 24 bits of IPv4. For logs and names. */
export function truncateAddress(address: Address, v4bits: number, v6bits: number): string {
  return formatAddress(maskBytes(address.bytes, address.family === 4 ? v4bits : v6bits))
}

/** A copy with every bit after the first `bits` at zero. */
export function maskBytes(bytes: Uint8Array, bits: number): Uint8Array {
  const masked = bytes.slice()
  const whole = bits >> 3
  if (whole < masked.length) {
    masked[whole]! &= 0xff00 >> (bits & 7)
    masked.fill(0, whole + 1)
  }
  return masked
}
