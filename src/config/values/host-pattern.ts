/** What a URL would treat as more than a name, or decode. */
const NOT_IN_NAMES = /[\s/?#@:\\%*[\]<>^|`{}]/

/**
 * A host name, `*.example.com` or `*`, as requests are compared with it: lower-case, in punycode, without the root's
 * dot. undefined for anything else, so for a port or a scheme.
 */
export function parseHostPattern(input: unknown): string | undefined {
  if (typeof input !== 'string' || input.length > 255) return undefined
  if (input === '*') return '*'
  const wildcard = input.startsWith('*.')
  const host = parseHost(wildcard ? input.slice(2) : input)
  if (host === undefined || (wildcard && host.startsWith('['))) return undefined
  return wildcard ? `*.${host}` : host
}

/** Whether a look at port 80 can prove the name: no wildcard (RFC 8555 section 8.3), no address. */
export function orderable(host: string): boolean {
  return /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/.test(host) && !/^[\d.]+$/.test(host)
}

/** A host name or an IP address, IPv6 in brackets; undefined for anything else. */
export function parseHost(input: string): string | undefined {
  const bracketed = /^\[[0-9a-fA-F:.]+\]$/.test(input)
  const name = input.endsWith('.') ? input.slice(0, -1) : input
  if (name === '' || name.startsWith('.') || name.includes('..')) return undefined
  if (!bracketed && NOT_IN_NAMES.test(name)) return undefined
  const url = URL.parse(`http://${name}/`)
  return url === null || url.hostname === '' || url.hostname.length > 253 ? undefined : url.hostname
}
