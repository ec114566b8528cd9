import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Endpoint, Site, Snapshot } from '../../../src/config/snapshot.ts'
import { parseAddress } from '../../../src/geo/address.ts'
import { headerText } from '../../../src/http/admit.ts'
import type { Admitted } from '../../../src/http/exchange.ts'
import type { Host } from '../../../src/http/host.ts'
import type { Target } from '../../../src/http/target.ts'
import { endpoint, NO_PLACE, site, snapshot } from './services.ts'

export type FieldLine = readonly [name: string, value: string]

export interface RequestSpec {
  readonly method?: string
  readonly fields?: readonly FieldLine[]
  readonly httpVersion?: string
  readonly target?: Partial<Target>
  readonly host?: Host
  readonly scheme?: 'http' | 'https'
  readonly peer?: string
  readonly client?: string
  readonly peerTrusted?: boolean
  readonly site?: Site
  readonly over?: Partial<Snapshot>
  readonly loopId?: string
}

const TARGET: Target = { path: '/a', matchPath: '/a', query: '', scheme: null, authority: null }

/** A request that got past the door, without a connection: for what computes on requests. */
export function admittedRequest(spec: RequestSpec = {}): Admitted {
  const of = spec.site ?? site({ origin: [endpoint('http://origin.test')] })
  const peer = parseAddress(spec.peer ?? '192.0.2.1')!
  const method = spec.method ?? 'GET'
  const client = parseAddress(spec.client ?? peer.text)!
  const target = { ...TARGET, ...spec.target }
  const raw = message(method, spec.fields ?? [], spec.httpVersion ?? '1.1')
  const header = (name: string) => headerText(raw, name)
  return {
    generation: {
      snapshot: snapshot({ sites: [of], over: spec.over ?? {} }),
      findSite: () => of,
      transport: null as never,
      loopId: spec.loopId ?? 'polycdn-test',
    },
    raw,
    method,
    target,
    host: spec.host ?? { name: 'www.test', authority: 'www.test' },
    scheme: spec.scheme ?? 'http',
    peer,
    client,
    peerTrusted: spec.peerTrusted ?? false,
    facts: { method, path: target.matchPath, client, place: NO_PLACE, forced: null, header },
    site: of,
    route: of.routes[0]!,
  }
}

/** What Node makes of these field lines. */
function message(method: string, fields: readonly FieldLine[], httpVersion: string): IncomingMessage {
  const raw = new IncomingMessage(new Socket()) as IncomingMessage & {
    _addHeaderLines(lines: readonly string[], count: number): void
  }
  raw.method = method
  raw.url = '/a'
  raw.httpVersion = httpVersion
  const lines = fields.flat()
  raw._addHeaderLines(lines, lines.length)
  return raw
}

/** The values of a field in a flat list, in order. */
export function valuesOf(flat: readonly string[], name: string): string[] {
  const found: string[] = []
  for (let i = 0; i < flat.length; i += 2) if (flat[i]!.toLowerCase() === name) found.push(flat[i + 1]!)
  return found
}

/** Flat, as undici hands over an answer's field lines. */
export function flatBuffers(fields: readonly FieldLine[]): Buffer[] {
  return fields.flat().map((text) => Buffer.from(text, 'latin1'))
}

export type { Endpoint }
