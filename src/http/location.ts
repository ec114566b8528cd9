import type { Endpoint } from '../config/snapshot.ts'
import type { Admitted } from './exchange.ts'

/**
 * An upstream that redirects to itself means us: `Location: https://origin.internal/login` would send the visitor
 * past the gateway, or nowhere. Such a Location becomes the same path at the host that the client asked for.
 *
 * @param headers a flat list of names and values, changed in place
 */
export function rewriteLocation(headers: string[], admitted: Admitted, endpoint: Endpoint): void {
  const { scheme, host } = admitted
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() !== 'location') continue
    const location = headers[i + 1]!
    const base = basesOf(endpoint).find((each) => isBelow(location, each))
    if (base !== undefined) headers[i + 1] = `${scheme}://${host.authority}${location.slice(base.length) || '/'}`
  }
}

/** Where an upstream may think that it is: what was dialled, and the Host that it was sent. */
function basesOf({ origin, hostHeader, basePath }: Endpoint): string[] {
  const bases = [origin + basePath]
  if (hostHeader !== null) bases.push(origin.slice(0, origin.indexOf('//') + 2) + hostHeader + basePath)
  return bases
}

function isBelow(location: string, base: string): boolean {
  return location.startsWith(base) && (location.length === base.length || location[base.length] === '/')
}
