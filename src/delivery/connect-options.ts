import { isIP, type LookupFunction } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { Endpoint } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { isPrivateAddress } from './private-address.ts'
import { type Resolver, systemResolver } from './resolver.ts'

/** Where names lead, and which addresses count as private. */
export interface Surroundings {
  readonly resolver: Resolver
  isPrivate(address: string): boolean
}

export const SURROUNDINGS: Surroundings = { resolver: systemResolver, isPrivate: isPrivateAddress }

/** How a socket to an Endpoint is opened, for a request to this host: addresses and, over TLS, who may answer. */
export interface ConnectOptions {
  readonly autoSelectFamily: boolean
  readonly autoSelectFamilyAttemptTimeout: number
  readonly lookup: LookupFunction
  readonly rejectUnauthorized?: boolean
  readonly minVersion?: 'TLSv1.2'
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined
}

/**
 * Everything but host, port and SNI. What is judged is the very address that will be dialled, so a name that changes its
 * mind between two look-ups gains nothing.
 *
 * @throws PolycdnError destination_ip_prohibited: the URL has a private address, which nobody would look up
 */
export function connectOptions(
  endpoint: Endpoint,
  host: string,
  { resolver, isPrivate } = SURROUNDINGS,
): ConnectOptions {
  const { tls, allowPrivate } = endpoint
  const name = serverName(endpoint, host)
  const literal = withoutBrackets(new URL(endpoint.origin).hostname)
  if (!allowPrivate && isIP(literal) !== 0 && isPrivate(literal)) {
    throw new PolycdnError('destination_ip_prohibited', 'the endpoint has a private address')
  }
  return {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 250,
    lookup: allowPrivate ? resolver.lookup : resolver.lookupBut(isPrivate),
    ...(tls === null ? {} : { rejectUnauthorized: tls.verify, minVersion: 'TLSv1.2' as const }),
    ...(tls?.ca ? { ca: tls.ca } : {}),
    ...(tls?.clientCertificate ? { cert: tls.clientCertificate.cert, key: tls.clientCertificate.key } : {}),
    ...(name !== null && isAddress(name) ? { checkServerIdentity: addressCheck(name) } : {}),
  }
}

/** SNI and the name that the certificate must carry; null for plain HTTP. */
export function serverName(endpoint: Endpoint, host: string): string | null {
  if (endpoint.tls === null) return null
  return endpoint.tls.serverName ?? host
}

/** RFC 6066 section 3 allows no address as SNI, and Node throws on one; the certificate must carry it all the same. */
export function isAddress(name: string): boolean {
  return isIP(withoutBrackets(name)) !== 0
}

function addressCheck(name: string): NonNullable<ConnectOptions['checkServerIdentity']> {
  return (_host, certificate) => checkServerIdentity(withoutBrackets(name), certificate)
}

function withoutBrackets(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1) : name
}
