import type { TLSSocket } from 'node:tls'
import type { Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Address } from '../geo/address.ts'
import { matchRoute } from '../steering/match.ts'
import { hasCdn } from '../steering/override.ts'
import { connectionOf, hostOn } from './connection.ts'
import type { Admitted } from './exchange.ts'
import { clientAddress } from './forwarded.ts'
import type { Generation } from './generation.ts'
import { type Host, parseHost } from './host.ts'
import { HttpsRequired } from './https-redirect.ts'
import { mayDebug } from './may-debug.ts'
import type { PlainRequest } from './plain-request.ts'
import { hasContent } from './request-body.ts'
import { fieldProblem } from './request-fields.ts'
import type { RequestHead } from './request-head.ts'
import type { Services } from './services.ts'
import { parseTarget, type Target } from './target.ts'

/** The configuration in use, and where clients are. */
export type Ground = Pick<Services, 'current' | 'place'>

/**
 * Normalises a request and matches it to a Site and a Route. Everything that Node's parser accepts and a gateway must
 * not is refused here, before anything else looks at the request.
 */
export function admit(ground: Ground, raw: RequestHead): Admitted | PolycdnError {
  const { snapshot } = ground.current()
  return (
    protocolProblem(raw) ??
    sizeProblem(raw, snapshot) ??
    contentProblem(raw, snapshot) ??
    fieldProblem(raw.rawHeaders) ??
    matched(ground, raw)
  )
}

/** The same for a request in which the parser has allowed for nothing that the others refuse. */
export function admitPlain(ground: Ground, raw: PlainRequest): Admitted | PolycdnError {
  const generation = ground.current()
  const problem = sizeProblem(raw, generation.snapshot)
  if (problem !== null) return problem
  const target = parseTarget(raw.url, raw.method)
  if (target instanceof PolycdnError) return target
  // A target in absolute form has a say in it.
  if (target.scheme !== null) return routed(ground, raw, target, standingOf(generation, raw, target))
  const { section } = raw
  if (section.standing?.generation !== generation) {
    const standing = standingOf(generation, raw, target)
    if (standing instanceof PolycdnError) return standing
    section.standing = standing
  }
  return routed(ground, raw, target, section.standing)
}

function matched(ground: Ground, raw: RequestHead): Admitted | PolycdnError {
  const target = parseTarget(raw.url!, raw.method!)
  if (target instanceof PolycdnError) return target
  return routed(ground, raw, target, standingOf(ground.current(), raw, target))
}

/** What a request is besides its method and target: the next one of its connection has the same header section, often. */
export interface Standing
  extends Pick<Admitted, 'generation' | 'host' | 'scheme' | 'peer' | 'client' | 'peerTrusted' | 'site'> {
  readonly forced: string | null
  readonly header: (name: string) => string | null
  /** As of Connection. */
  readonly httpsRedirect: number | null
}

function standingOf(generation: Generation, raw: RequestHead, target: Target): Standing | PolycdnError {
  const { snapshot } = generation
  const { peer, httpsRedirect } = connectionOf(raw.socket)
  const peerTrusted = snapshot.trustedProxies.match(peer) !== null
  const scheme = schemeOf(raw, peerTrusted)
  if (target.scheme !== null && target.scheme !== scheme) {
    return new PolycdnError('bad_target', `this connection is not one for ${target.scheme}`)
  }
  const host = effectiveHost(raw, target)
  if (host instanceof PolycdnError) return host
  if (isLoop(raw, generation.loopId)) return new PolycdnError('loop_detected', 'this request has been here before')

  const client = peerTrusted ? behindProxies(raw, peer, snapshot) : peer
  const site = generation.findSite(host.name)
  if (site === null) return new PolycdnError('unknown_host', 'no site has this host')
  const forced = forcedCdn(raw, client, snapshot)
  // Without the request itself, whose target may be long.
  const { headers } = raw
  const header = (name: string) => headerText({ headers }, name)
  return { generation, host, scheme, peer, client, peerTrusted, site, forced, header, httpsRedirect }
}

function routed(
  ground: Ground,
  raw: RequestHead,
  target: Target,
  standing: Standing | PolycdnError,
): Admitted | PolycdnError {
  if (standing instanceof PolycdnError) return standing
  const { generation, host, scheme, peer, client, peerTrusted, site, forced, header, httpsRedirect } = standing
  if (httpsRedirect !== null && scheme === 'http') return new HttpsRequired(host, target, httpsRedirect)
  const method = raw.method!
  const facts = { method, path: target.matchPath, client, place: ground.place(client), forced, header }
  const route = matchRoute(site, facts)
  if (route === null) return new PolycdnError('no_route', 'no route of this site matches')
  if (forced !== null && !hasCdn(route, forced)) {
    return new PolycdnError('cdn_not_here', 'the policy has no CDN of the name in Polycdn-Cdn')
  }
  return { generation, raw, method, target, host, scheme, peer, client, peerTrusted, facts, site, route }
}

/** `Polycdn-Cdn`, of a client that may debug and asks for what is steered. */
function forcedCdn(raw: RequestHead, client: Address, snapshot: Snapshot): string | null {
  const name = raw.headers['polycdn-cdn']
  if (typeof name !== 'string' || (raw.method !== 'GET' && raw.method !== 'HEAD')) return null
  return mayDebug(raw, client, snapshot) ? name : null
}

/** RFC 9112 sections 2.3 and 6.1, RFC 9110 section 10.1.1: what the parser lets through. */
function protocolProblem(raw: RequestHead): PolycdnError | null {
  // HTTP/2 has framing of its own: only its server hands such a request over.
  if (raw.httpVersion !== '1.1' && raw.httpVersion !== '1.0' && !isHttp2(raw)) {
    return new PolycdnError('version_unsupported', `HTTP/${raw.httpVersion} is not spoken here`)
  }
  const coding = raw.headers['transfer-encoding']
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || raw.httpVersion === '1.0')) {
    return new PolycdnError('bad_request', 'the Transfer-Encoding is not one that HTTP/1.1 clients may use')
  }
  const { expect } = raw.headers
  if (expect !== undefined && raw.httpVersion !== '1.0' && expect.toLowerCase() !== '100-continue') {
    return new PolycdnError('expectation_failed', 'only 100-continue may be expected')
  }
  if (raw.method === 'TRACE' || raw.method === 'CONNECT') {
    return new PolycdnError('method_not_allowed', `${raw.method} is not allowed`)
  }
  // RFC 9113 section 8.3.1 lets gateways have other schemes; RFC 9110 section 7.4 has us refuse what we cannot fulfil.
  if (isHttp2(raw) && !/^https?$/i.test(headerText(raw, ':scheme') ?? '')) {
    return new PolycdnError('bad_target', 'only http and https are served')
  }
  return null
}

function isHttp2(raw: RequestHead): boolean {
  return 'stream' in raw && raw.httpVersionMajor === 2
}

function sizeProblem(raw: RequestHead, { limits }: Snapshot): PolycdnError | null {
  if (raw.url!.length > limits.uri) return new PolycdnError('target_too_long', 'the request target is too long')
  if (raw.rawHeaders.length > limits.headerCount * 2) {
    return new PolycdnError('headers_too_large', 'there are too many header fields')
  }
  return null
}

function contentProblem(raw: RequestHead, { limits }: Snapshot): PolycdnError | null {
  if (Number(raw.headers['content-length'] ?? 0) > limits.body) {
    return new PolycdnError('body_too_large', 'the content is too large')
  }
  // RFC 9110 section 9.3.1: it means nothing, and whoever overlooks it reads it as the next request.
  if ((raw.method === 'GET' || raw.method === 'HEAD') && hasContent(raw)) {
    return new PolycdnError('bad_request', `a ${raw.method} has no content here`)
  }
  return null
}

/** RFC 9112 section 3.2: exactly one Host in HTTP/1.1; an absolute-form target must agree with it. */
function effectiveHost(raw: RequestHead, target: Target): Host | PolycdnError {
  const hosts: string[] = []
  for (let i = 0; i < raw.rawHeaders.length; i += 2) {
    const name = raw.rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts.push(raw.rawHeaders[i + 1]!)
  }
  if (hosts.length > 1) return new PolycdnError('bad_host', 'there is more than one Host')
  const [sent] = hosts
  if (sent === undefined && raw.httpVersion !== '1.0') return new PolycdnError('bad_host', 'there is no Host')
  if (target.authority === null) return sent === undefined ? { name: '', authority: '' } : hostOn(raw.socket, sent)
  const authority = parseHost(target.authority)
  if (authority instanceof PolycdnError || sent === undefined) return authority
  const host = parseHost(sent)
  if (host instanceof PolycdnError) return host
  const agree = host.name === authority.name && portOf(host, target) === portOf(authority, target)
  return agree ? authority : new PolycdnError('bad_host', 'the Host differs from the request target')
}

/** RFC 9110 section 4.2: an empty port is the scheme's, as a missing one is. */
function portOf({ authority }: Host, { scheme }: Target): number {
  const port = /:(\d*)$/.exec(authority)?.[1] ?? ''
  return port === '' ? (scheme === 'https' ? 443 : 80) : Number(port)
}

/** RFC 8586 section 2: our own name in CDN-Loop means that we are behind ourselves. */
function isLoop(raw: RequestHead, loopId: string): boolean {
  const field = headerText(raw, 'cdn-loop')
  return field?.split(',').some((entry) => entry.split(';')[0]!.trim() === loopId) ?? false
}

function behindProxies(raw: RequestHead, peer: Address, snapshot: Snapshot): Address {
  const forwarded = headerText(raw, 'forwarded')
  const xForwardedFor = headerText(raw, 'x-forwarded-for')
  return clientAddress({ peer, forwarded, xForwardedFor }, snapshot.trustedProxies)
}

function schemeOf(raw: RequestHead, peerTrusted: boolean): 'http' | 'https' {
  if ((raw.socket as Partial<TLSSocket>).encrypted === true) return 'https'
  return peerTrusted && headerText(raw, 'x-forwarded-proto')?.toLowerCase() === 'https' ? 'https' : 'http'
}

/** A header field's value, several lines joined; null where it is missing. */
export function headerText({ headers }: Pick<RequestHead, 'headers'>, name: string): string | null {
  const value = headers[name]
  if (value === undefined) return null
  return typeof value === 'string' ? value : value.join(', ')
}
