import type { Address } from '../geo/address.ts'

/** Bytes that name the network of a client, as in `rate_limit.by`: a /24, and the /48 of a site (RFC 6177). */
const PREFIX = { 4: 3, 6: 6 } as const

/** The client's network as a short key: a character a byte. */
export function clientNetwork({ family, bytes }: Address): string {
  return String.fromCharCode(...bytes.subarray(0, PREFIX[family]))
}
