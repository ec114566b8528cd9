import { type Address, isTranslated, maskBytes, parseAddress } from './address.ts'
import { formatAddress, parseIpv4, parseIpv6 } from './address-text.ts'

/** All addresses that share the first `prefix` bits. The bits after them are zero. */
export interface Network {
  readonly family: 4 | 6
  readonly bytes: Uint8Array
  /** 0…32, or 0…128. */
  readonly prefix: number
}

/** A network, or what is wrong with the text, for people: it names the text and, where one is near, the right form. */
export type ParsedNetwork = { readonly network: Network } | { readonly problem: string }

/** `10.0.0.0/8`, `2001:db8::/32`; an address alone is the network of that one address. */
export function parseNetwork(text: string): ParsedNetwork {
  const slash = text.indexOf('/')
  if (slash < 0) return single(text)
  const base = text.slice(0, slash)
  const bytes = base.includes(':') ? parseIpv6(base) : parseIpv4(base)
  if (bytes === null) return { problem: `${quote(text)} is not a network: ${quote(base)} is not an IP address` }
  const length = text.slice(slash + 1)
  const most = bytes.length * 8
  const prefix = /^(0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : Number.NaN
  if (!(prefix <= most)) {
    return { problem: `${quote(text)} is not a network: the prefix length must be a number from 0 to ${most}` }
  }
  const masked = maskBytes(bytes, prefix)
  if (masked.some((byte, index) => byte !== bytes[index])) {
    return { problem: `${quote(text)} has bits set after the prefix; did you mean ${formatAddress(masked)}/${prefix}?` }
  }
  return prefix >= 96 && isTranslated(bytes) ? translated(text, bytes, prefix) : { network: toNetwork(bytes, prefix) }
}

/** Clients of such a network count as IPv4, so a network of this form would never match anything. */
function translated(text: string, bytes: Uint8Array, prefix: number): ParsedNetwork {
  return { problem: `${quote(text)} holds IPv4 addresses; write ${formatAddress(bytes.slice(12))}/${prefix - 96}` }
}

function single(text: string): ParsedNetwork {
  const address = parseAddress(text)
  if (address === null) return { problem: `${quote(text)} is not an IP address or network` }
  return { network: toNetwork(address.bytes, address.bytes.length * 8) }
}

function toNetwork(bytes: Uint8Array, prefix: number): Network {
  return { family: bytes.length === 4 ? 4 : 6, bytes, prefix }
}

/** The network of this prefix length around an address. */
export function networkOf(address: Address, prefix: number): Network {
  return { family: address.family, bytes: maskBytes(address.bytes, prefix), prefix }
}

/** CIDR form. */
export function formatNetwork(network: Network): string {
  return `${formatAddress(network.bytes)}/${network.prefix}`
}

const quote = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
