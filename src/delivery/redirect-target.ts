import { isRedirectHost } from '../config/values/redirect-host.ts'

const MAX_LENGTH = 8192
/** RFC 3986 knows nothing else. What is no URI is read in more than one way. */
const URI = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** RFC 9110 section 15.4: what names another place for this same request, to which GET and HEAD go as they are. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** What a Location means, seen from where it was asked for; null: nothing that could be asked for over HTTP. */
export function resolveLocation(location: string, from: string): URL | null {
  if (location.length > MAX_LENGTH || !URI.test(location)) return null
  const url = URL.parse(location, from)
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : null
}

/** Whether the gateway goes there itself: to hosts of the list, never from https to http, and to no user's account. */
export function mayFollow(to: URL, from: string, hosts: readonly string[]): boolean {
  if (to.username !== '' || to.password !== '' || to.port === '0') return false
  if (from.startsWith('https:') && to.protocol !== 'https:') return false
  return isRedirectHost(hosts, to)
}
