import type { Endpoint } from '../config/snapshot.ts'
import type { Address } from '../geo/address.ts'
import { linkOf } from './link.ts'

/** Path and query as planned for an endpoint, and when it is asked for: milliseconds since 1970. */
export interface Asked {
  readonly target: string
  readonly now: number
}

/** Where a client is sent at an endpoint, with the signature that its Cdn may want. Otherwise byte for byte. */
export function signedUrl({ origin, cdn }: Endpoint, asked: Asked, client: Address): string {
  const signer = cdn?.signing ?? null
  if (signer === null) return origin + asked.target
  return signer.sign(linkOf(signer, { ...asked, origin, client: signer.binds.includes(client.family) ? client : null }))
}

/**
 * What the gateway itself asks an endpoint for, under a Host: bound to no address, since the network would see ours,
 * which we do not know. No Host: that of the endpoint.
 */
export function signedTarget({ origin, cdn }: Endpoint, asked: Asked, host: string): string {
  const signer = cdn?.signing ?? null
  if (signer === null) return asked.target
  const seen = host === '' ? origin : `${origin.slice(0, origin.indexOf('//'))}//${host}`
  return signer.sign(linkOf(signer, { ...asked, origin: seen, client: null })).slice(seen.length)
}
