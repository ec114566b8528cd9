import fastify, { type FastifyInstance } from 'fastify'
import { ResponseWriter } from '../delivery/writer.ts'
import { PolycdnError } from '../errors.ts'
import { admit } from './admit.ts'
import { handle, turnAway } from './handle.ts'
import { registerPassthrough } from './passthrough.ts'
import type { Services } from './services.ts'

/**
 * The fastify application behind every listener. Its router would answer 400 to paths that are none of its business,
 * so it sees `/` for each request; matching Sites and Routes is ours.
 */
export async function createApp(services: Services): Promise<FastifyInstance> {
  const app = fastify({ logger: false, rewriteUrl: () => '/', exposeHeadRoutes: false, return503OnClosing: false })
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.url = request.originalUrl
    done()
  })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: (request, reply) => {
      reply.hijack()
      handle(services, request.raw, reply.raw)
    },
  })
  await registerPassthrough(app, services)
  app.setNotFoundHandler((request, reply) => {
    reply.hijack()
    const admitted = admit(services.current(), request.raw)
    const refused =
      admitted instanceof PolycdnError
        ? admitted
        : new PolycdnError('method_not_allowed', `${request.method} is not allowed`)
    const arrival = { raw: request.raw, startedAt: services.timers.now() }
    turnAway(services, arrival, new ResponseWriter(reply.raw), refused)
  })
  await app.ready()
  return app
}
