import fastify, { type FastifyInstance } from 'fastify'
import { PolycdnError, toPolycdnError } from '../errors.ts'
import { answerChallenge } from './acme-challenge.ts'
import { findReadyHit, type HitFinder } from './cached/ready-hit.ts'
import { enter } from './enter.ts'
import { handle, turnAway } from './handle.ts'
import { registerPassthrough } from './passthrough.ts'
import type { RequestListener } from './pipeline.ts'
import type { Services } from './services.ts'
import { WITHOUT_SCHEMAS } from './without-schemas.ts'
import { writerFor } from './writer-for.ts'

/** Nothing is answered or logged that is not ours. */
const QUIET = { logger: false, exposeHeadRoutes: false, return503OnClosing: false } as const

/** What is behind every listener. */
export interface Answering {
  readonly answer: RequestListener
  /** The short way for what the cache has ready; null: nothing is cached. */
  hits(): HitFinder | null
  close(): Promise<void>
}

/** Everything a GET or HEAD needs is ours, so that it goes past fastify, which has the routes of the other methods. */
export async function createAnswering(services: Services): Promise<Answering> {
  const deliver = guarded(services, (raw, response) => handle(services, raw, response))
  const serve = guarded(services, (raw, response) =>
    answerChallenge(services, raw, response, () => deliver(raw, response)),
  )
  const others = await createOthers(services)
  const find = guardedFinder(services)
  return {
    hits: () => (services.current().snapshot.policies.some(({ cache }) => cache !== null) ? find : null),
    answer: (raw, response) => {
      if (raw.method === 'GET' || raw.method === 'HEAD') serve(raw, response)
      else others.routing(raw, response)
    },
    close: () => others.close(),
  }
}

/**
 * The fastify application. Its router would answer 400 to paths that are none of its business, so it sees `/` for each
 * request; matching Sites and Routes is ours.
 */
async function createOthers(services: Services): Promise<FastifyInstance> {
  const app = fastify({ ...WITHOUT_SCHEMAS, ...QUIET, rewriteUrl: () => '/' })
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.url = request.originalUrl
    done()
  })
  await registerPassthrough(app, services)
  const refuseMethod = guarded(services, (raw, response) => {
    const admitted = enter(services, raw)
    const refused =
      admitted instanceof PolycdnError
        ? admitted
        : new PolycdnError('method_not_allowed', `${raw.method} is not allowed`)
    turnAway(services, { raw, startedAt: services.timers.now() }, writerFor(services, response), refused)
  })
  app.setNotFoundHandler((request, reply) => {
    reply.hijack()
    refuseMethod(request.raw, reply.raw)
  })
  await app.ready()
  return app
}

/** The boundary: what nobody foresaw costs one request, which fastify would leave without an answer, and is logged. */
function guarded(services: Services, listener: RequestListener): RequestListener {
  return (raw, response) => {
    try {
      listener(raw, response)
    } catch (thrown) {
      services.log.throttle('internal-error', 1_000)?.error('internal-error', { error: thrown })
      const writer = writerFor(services, response)
      const arrival = { raw, startedAt: services.timers.now() }
      if (writer.headSent) writer.abort()
      else turnAway(services, arrival, writer, toPolycdnError(thrown))
    }
  }
}

/** What nobody foresaw here goes the long way, and may be foreseen there. */
function guardedFinder(services: Services): HitFinder {
  return (raw) => {
    try {
      return findReadyHit(services, raw)
    } catch (thrown) {
      services.log.throttle('internal-error', 1_000)?.error('internal-error', { error: thrown })
      return null
    }
  }
}
