import { type IncomingMessage, METHODS } from 'node:http'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PolycdnError, toPolycdnError } from '../errors.ts'
import { enter } from './enter.ts'
import { turnAway } from './handle.ts'
import { type Client, Passage } from './passage.ts'
import type { Services } from './services.ts'
import { writerFor } from './writer-for.ts'

/** Carries a request's Passage through the plugin: own symbols survive its copies of the header fields. */
const PASSAGE = Symbol('passage')

/** The plugin validates and joins URLs; the client's bytes never go there, so it only sees this one. */
const NOWHERE = 'http://upstream.invalid'

/** What the plugin asks of an undici dispatcher. */
interface Requestable {
  request(options: { headers: { [PASSAGE]: Passage } }, done: Done): void
}

type Done = (error: Error | null, answer?: { statusCode: number; headers: object; body: unknown }) => void

/**
 * Everything but GET and HEAD goes to the Site's origin, or to the CDN that `unsafe_methods` names. The plugin has the
 * routes and the order of events; connections, header fields and bodies are ours: its own agent does not verify
 * certificates, it refuses paths that are none of its business, and it ends a cut body as if it were complete.
 */
export async function registerPassthrough(app: FastifyInstance, services: Services): Promise<void> {
  const methods = METHODS.filter((method) => !['GET', 'HEAD', 'CONNECT'].includes(method))
  // Without a body in fastify's eyes: its parsers would judge Content-Type, read text and stop at 1 MiB.
  for (const method of methods) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  const passages: Passages = new WeakMap()
  await app.register(async (scope) => {
    scope.setErrorHandler((error, { raw }, reply) => {
      services.log.throttle('internal-error', 1_000)?.error('internal-error', { error })
      reply.hijack()
      const passage = passages.get(raw)
      if (passage !== undefined) passage.refuse()
      else turnAway(services, clientOf(services, raw, reply), writerFor(services, reply.raw), toPolycdnError(error))
    })
    await scope.register(httpProxy, optionsOf(services, methods, passages))
  })
}

type Passages = WeakMap<IncomingMessage, Passage>

function optionsOf(services: Services, methods: string[], passages: Passages): FastifyHttpProxyOptions {
  return {
    upstream: '',
    routes: ['/'],
    httpMethods: methods,
    proxyPayloads: false,
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    preRewrite: () => '/',
    preHandler(request, reply, done) {
      const passage = openPassage(services, request, reply)
      if (passage === null) reply.hijack()
      else passages.set(request.raw, passage)
      done()
    },
    undici: requestable as unknown as NonNullable<FastifyHttpProxyOptions['undici']>,
    replyOptions: {
      getUpstream: () => NOWHERE,
      queryString: () => '',
      retryDelay: () => null,
      rewriteRequestHeaders: ({ raw }) => ({ [PASSAGE]: passages.get(raw as IncomingMessage) }),
      onResponse(request, reply) {
        reply.hijack()
        passages.get(request.raw as IncomingMessage)!.relay()
      },
      onError(reply) {
        reply.hijack()
        passages.get(reply.request.raw as IncomingMessage)!.refuse()
      },
    },
  }
}

const requestable: Requestable = {
  request({ headers }, done) {
    const passage = headers[PASSAGE]
    passage.start((error, head) => {
      if (error !== null) done(new PolycdnError(error, 'the upstream failed'))
      else done(null, { statusCode: head!.status, headers: {}, body: passage })
    })
  },
}

/** Admits a request, or answers it. */
function openPassage(services: Services, request: FastifyRequest, reply: FastifyReply): Passage | null {
  const client = clientOf(services, request.raw, reply)
  const admitted = enter(services, request.raw)
  if (admitted instanceof PolycdnError) {
    turnAway(services, client, writerFor(services, reply.raw), admitted)
    return null
  }
  if (admitted.site.unsafeEndpoints.length > 0) return new Passage(services, client, admitted)
  const refused = new PolycdnError('method_not_allowed', `this site has no origin for ${admitted.method}`)
  turnAway(services, client, writerFor(services, reply.raw), refused)
  return null
}

function clientOf(services: Services, raw: IncomingMessage, reply: FastifyReply): Client {
  return { raw, response: reply.raw, startedAt: services.timers.now() }
}
