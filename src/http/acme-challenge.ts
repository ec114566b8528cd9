import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { readChallenge } from '../acme/store.ts'
import { PolycdnError } from '../errors.ts'
import { NOTHING_SENT } from './exchange.ts'
import { parseHost } from './host.ts'
import { record } from './record.ts'
import { hasContent } from './request-body.ts'
import type { Services } from './services.ts'
import { writerFor } from './writer-for.ts'

/** RFC 8555 section 8.3. */
const PATH = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/
/** Looks into the shared folder that run at the same time: anybody may ask. */
const MOST_LOOKS = 16

const looking = new WeakMap<Services, number>()

/**
 * Answers the authority that wants to see that a name leads here, before Sites, Routes and the redirect to https. What
 * this process has not been told, another gateway may have written down. Everything else is `otherwise`, which does not throw.
 */
export function answerChallenge(
  services: Services,
  raw: IncomingMessage,
  response: ServerResponse,
  otherwise: () => void,
): void {
  const { acme } = services.current().snapshot
  const token = acme === null ? undefined : PATH.exec(raw.url!)?.[1]
  // Content is for who judges its framing.
  if (token === undefined || hasContent(raw) || !acme!.names.includes(hostOf(raw))) return otherwise()
  const known = services.challenge(token)
  if (known !== undefined) return send(services, raw, response, known)
  const looks = looking.get(services) ?? 0
  if (looks >= MOST_LOOKS) return otherwise()
  looking.set(services, looks + 1)
  void readChallenge(acme!.folder, token).then((found) => {
    looking.set(services, looking.get(services)! - 1)
    if (hasClosed(response)) return
    if (found === null) otherwise()
    else send(services, raw, response, found)
  })
}

/** A response over HTTP/2 says nothing of it itself. */
function hasClosed(response: ServerResponse): boolean {
  const { stream } = response as { readonly stream?: ServerHttp2Stream }
  return stream === undefined ? response.closed : stream.destroyed
}

function hostOf(raw: IncomingMessage): string {
  const host = parseHost(raw.headers.host ?? (raw.headers[':authority'] as string | undefined) ?? '')
  return host instanceof PolycdnError ? '' : host.name
}

function send(services: Services, raw: IncomingMessage, response: ServerResponse, keyAuthorization: string): void {
  const arrival = { raw, startedAt: services.timers.now() }
  const writer = writerFor(services, response)
  const length = String(Buffer.byteLength(keyAuthorization))
  writer.head(200, ['content-type', 'application/octet-stream', 'content-length', length, 'cache-control', 'no-store'])
  writer.end(raw.method === 'HEAD' ? undefined : keyAuthorization)
  record(services, arrival, null, { ...NOTHING_SENT, status: 200, bytes: writer.bytes })
}
