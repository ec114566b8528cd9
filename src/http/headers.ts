import { combined } from '../cache/rules/fields.ts'
import { normalise } from '../cache/rules/normalise.ts'
import type { Endpoint, HeaderEdit } from '../config/snapshot.ts'
import type { Part } from '../delivery/resume.ts'
import type { Admitted } from './exchange.ts'
import { forwardedNode } from './forwarded.ts'

/** RFC 9110 section 7.6.1, and what else belongs to one connection only. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** What we write ourselves towards upstreams, or what only proxies in front of us may say. */
const OURS_IN_REQUESTS = new Set([
  'host',
  'expect',
  'content-length',
  'via',
  'cdn-loop',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
])

/**
 * Alt-Svc names another way to the CDN's own host; a client would take it for a way to ours (RFC 7838 section 2). What we
 * say of our own decisions nobody else says.
 */
function isNotForClients(name: string): boolean {
  return name === 'alt-svc' || name.startsWith('polycdn-')
}

const NAME = 'polycdn'

/** The value that our CDN-Loop entry starts with, and the Via and Proxy-Status name. */
export const PROXY_NAME = NAME

const ODD_IN_NAMES = /[^a-z0-9-]/
const ODD_IN_NAMES_ALL = /[^a-z0-9-]/g

/** What the client may only have asked of the first answer: the rest of a body is asked for in our own words. */
const CONDITIONAL = new Set([
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
])

/**
 * The header fields of a client's request as an Endpoint receives them: a flat list of names and values.
 *
 * @param wanted `content`: the request's content goes with it, so Content-Length stays. `answer`: it has none. A Part:
 *   only that is asked for
 */
export function upstreamHeaders(admitted: Admitted, endpoint: Endpoint, wanted: 'content' | 'answer' | Part): string[] {
  const { rawHeaders, httpVersion } = admitted.raw
  const edits = endpoint.cdn?.headers.request ?? admitted.site.origin?.headers.request ?? null
  const policyEdits = admitted.route.policy.headers.request
  const dropped = connectionNames(rawHeaders)
  const headers = ['host', endpoint.hostHeader ?? (admitted.host.authority || hostOf(endpoint))]
  const part = typeof wanted === 'string' ? null : wanted
  let via = ''
  let cdnLoop = ''
  let coding: string | null = null
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    const value = rawHeaders[i + 1]!
    if (name === 'via') via += `${value}, `
    else if (name === 'cdn-loop') cdnLoop += `${value}, `
    else if (name === 'content-length' && wanted === 'content') headers.push(name, value)
    const read = asApplicationsRead(name)
    if (HOP_BY_HOP.has(read) || OURS_IN_REQUESTS.has(read) || read.startsWith('polycdn-')) continue
    if (dropped?.has(name) || (!admitted.peerTrusted && read.startsWith('x-forwarded-'))) continue
    // A second spelling of what only proxies may say is nobody's.
    if (read !== name && read.startsWith('x-forwarded-')) continue
    if (part !== null && CONDITIONAL.has(name)) continue
    if (name === 'accept-encoding' && wanted !== 'content') coding ??= normalCoding(combined(rawHeaders, name)!)
    else headers.push(rawHeaders[i]!, value)
  }
  if (coding !== null) headers.push('accept-encoding', coding)
  if (part !== null) headers.push('range', part.range, 'if-range', part.ifRange)
  if (endpoint.cdn === null || endpoint.cdn.clientIp === 'full') forwardClient(headers, admitted)
  applyEdit(headers, policyEdits)
  if (edits !== null) applyEdit(headers, edits)
  headers.push('via', `${via}${httpVersion} ${NAME}`)
  headers.push('cdn-loop', `${cdnLoop}${admitted.generation.loopId}`)
  return headers
}

/** CGI and its heirs make `_` of all that is neither letter nor digit: `Content_Length` is Content-Length there. */
export function asApplicationsRead(name: string): string {
  return ODD_IN_NAMES.test(name) ? name.replaceAll(ODD_IN_NAMES_ALL, '-') : name
}

/**
 * One spelling for what browsers spell in many ways: CDNs that are asked alike can answer alike, byte for byte. It is the
 * one by which the cache tells variants apart: another reading of odd spellings would store one variant as the other.
 */
function normalCoding(acceptEncoding: string): string {
  return normalise('accept-encoding', acceptEncoding).replace(',', ', ')
}

/** The name that an HTTP/1.0 client without a Host has in mind can only be the endpoint's own. */
export function hostOf({ origin }: Endpoint): string {
  return origin.slice(origin.indexOf('//') + 2)
}

/** The origin and CDNs with `client_ip: full` learn who asks; a chain is continued only from a proxy we trust. */
function forwardClient(headers: string[], admitted: Admitted): void {
  const { peer, peerTrusted, scheme, host, raw } = admitted
  const chain = peerTrusted ? joined(raw.headers['x-forwarded-for']) : null
  headers.push('x-forwarded-for', chain === null ? peer.text : `${chain}, ${peer.text}`)
  headers.push('x-forwarded-proto', scheme, 'x-forwarded-host', host.authority)
  const element = `for=${forwardedNode(peer)};host="${host.authority}";proto=${scheme}`
  const earlier = peerTrusted ? joined(raw.headers.forwarded) : null
  headers.push('forwarded', earlier === null ? element : `${earlier}, ${element}`)
}

function joined(value: string | string[] | undefined): string | null {
  if (value === undefined || value === '') return null
  return typeof value === 'string' ? value : value.join(', ')
}

/**
 * The header fields of an answer as the client receives them: a flat list of names and values for `writeHead`.
 *
 * @param rawHeaders a flat list of names and values as received
 * @param own what the gateway adds, a flat list
 */
export function clientHeaders(
  rawHeaders: readonly (Buffer | string)[],
  edits: readonly (HeaderEdit | null)[],
  own: readonly string[],
): string[] {
  const headers: string[] = []
  const dropped = connectionNames(rawHeaders)
  let via = ''
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const sent = text(rawHeaders[i]!)
    const name = sent.toLowerCase()
    if (name === 'via') via += `${text(rawHeaders[i + 1]!)}, `
    else if (!HOP_BY_HOP.has(name) && !isNotForClients(name) && !dropped?.has(name)) {
      headers.push(sent, text(rawHeaders[i + 1]!))
    }
  }
  for (const edit of edits) if (edit !== null) applyEdit(headers, edit)
  headers.push('via', `${via}1.1 ${NAME}`, ...own)
  return headers
}

/** `set` replaces what is there, so it removes too. A later edit has the last word over an earlier one. */
export function applyEdit(headers: string[], { remove, set }: HeaderEdit): void {
  for (const name of remove) removeField(headers, name)
  for (const [name, value] of set) {
    removeField(headers, name)
    headers.push(name, value)
  }
}

function removeField(headers: string[], name: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.length === name.length && headers[i]!.toLowerCase() === name) headers.splice(i, 2)
  }
}

/** The field names that Connection lists as belonging to this hop, or null. */
function connectionNames(rawHeaders: readonly (Buffer | string)[]): Set<string> | null {
  let names: Set<string> | null = null
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length !== 10 || text(rawHeaders[i]!).toLowerCase() !== 'connection') continue
    for (const token of text(rawHeaders[i + 1]!)
      .toLowerCase()
      .split(',')) {
      const name = token.trim()
      if (name === '' || name === 'close' || name === 'keep-alive') continue
      names ??= new Set()
      names.add(name)
    }
  }
  return names
}

function text(value: Buffer | string): string {
  return typeof value === 'string' ? value : value.toString('latin1')
}
