import type { IncomingMessage } from 'node:http'

/**
 * Gives a request of HTTP/2 the form of one of HTTP/1.1 (RFC 9113 section 8): `:authority` becomes Host, the pieces of a
 * cookie become one (section 8.2.3), pseudo-fields are no fields. Two names that differ stay two, and are refused as
 * two Hosts are.
 */
export function asHttp1(request: IncomingMessage): IncomingMessage {
  const { rawHeaders, headers } = request
  const sent = rawHeaders.splice(0)
  let host: string | null = null
  let cookie = -1
  for (let i = 0; i < sent.length; i += 2) {
    const name = sent[i]!
    const value = sent[i + 1]!
    if (name === ':authority' || name === 'host') {
      if (value !== host) rawHeaders.push('host', value)
      host = value
    } else if (name === 'cookie' && cookie !== -1) {
      rawHeaders[cookie] += `; ${value}`
    } else if (!name.startsWith(':')) {
      rawHeaders.push(name, value)
      if (name === 'cookie') cookie = rawHeaders.length - 1
    }
  }
  if (host !== null) headers.host = host
  return request
}
