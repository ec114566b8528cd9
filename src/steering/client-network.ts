import type { Address } from '../geo/address.ts'

/** The network of a client as a short key, a character a byte: its /24, or the /48 of a site (RFC 6177). As in `rate_limit.by`. */
export function clientNetwork({ family, bytes }: Address): string {
  const length = family === 4 ? 3 : 6
  let key = ''
  for (let at = 0; at < length; at++) key += String.fromCharCode(bytes[at]!)
  return key
}
