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
    const base = endpoint.origin + endpoint.basePath
    const after = location.slice(base.length, base.length + 1)
    if (location.startsWith(base) && (after === '/' || (after === '' && location === base))) {
      headers[i + 1] = `${scheme}://${host.authority}${location.slice(base.length) || '/'}`
    }
  }
}
