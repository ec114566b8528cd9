import type { AddressInfo } from 'node:net'
import { platform } from 'node:os'
import fastify, { type FastifyInstance, type FastifyListenOptions, type FastifyRequest } from 'fastify'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { ListenAddress } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Question } from '../steering/explain.ts'
import { sameSecret } from './debug.ts'
import { formatAddress, listenError } from './listen-error.ts'
import { probeAddress } from './probe-address.ts'
import { type AskedRequest, parseQuestion } from './question.ts'

/** What the admin can tell and do. */
export interface AdminActions {
  readonly metrics: Metrics
  /** null: open to whoever reaches the address, which is a loopback one. */
  token(): string | null
  ready(): boolean
  /** Somebody came without the token, or with another. */
  onDenied(): void
  status(): object
  explain(question: Question): object
  /** How the month of each Cdn stands. */
  costs(): object
  /** The problems that kept the older configuration in place; none is success. */
  reload(): Promise<readonly Problem[]>
}

/** Reachable without a token: load balancers and orchestrators ask these. */
const OPEN = new Set(['/healthz', '/readyz'])
/** A page in a browser may send requests to loopback: it names its origin, or came by a name of its own (rebinding). */
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/** Nobody needs to send much here, nor to be slow about it. Bytes and milliseconds. */
const BOUNDS = {
  bodyLimit: 64 * 1024,
  requestTimeout: 10_000,
  keepAliveTimeout: 75_000,
  http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
} as const

/** The admin server: /healthz, /readyz, /metrics, /status, /costs, /explain and POST /reload. */
export class Admin {
  readonly #app: FastifyInstance

  private constructor(app: FastifyInstance) {
    this.#app = app
  }

  /** `beside`: a gateway that this one takes over from may have the address as well. */
  static async listen(address: ListenAddress & { readonly beside?: boolean }, actions: AdminActions): Promise<Admin> {
    const { host, beside = false } = address
    const port = beside && address.port !== 0 ? address.port : await probeAddress({ host, port: address.port })
    const app = fastify({ logger: false, forceCloseConnections: true, ...BOUNDS })
    guard(app, actions)
    addRoutes(app, actions)
    try {
      // The gateway that takes over answers here while this one ends. Elsewhere the option is an error.
      await app.listen({ host, port, reusePort: platform() === 'linux' } as FastifyListenOptions)
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, address)
    }
    return new Admin(app)
  }

  /** `host:port` as bound. */
  get address(): string {
    return formatAddress(this.#app.server.address() as AddressInfo)
  }

  async close(): Promise<void> {
    await this.#app.close()
  }
}

function guard(app: FastifyInstance, actions: AdminActions): void {
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN.has(request.url.split('?')[0]!)) return
    const token = actions.token()
    if (token !== null) {
      const sent = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
      if (sent !== undefined && sameSecret(sent, token)) return
      actions.onDenied()
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' })
    }
    const fromPage = request.headers.origin !== undefined || !LOCAL_HOST.test(request.headers.host ?? '')
    if (fromPage) return reply.code(403).send({ error: 'forbidden' })
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof PolycdnError) return reply.code(error.status).send({ error: error.code })
    const status = error.statusCode ?? 500
    return reply.code(status).send({ error: status < 500 ? 'bad_request' : 'internal_error' })
  })
}

function addRoutes(app: FastifyInstance, actions: AdminActions): void {
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) =>
    actions.ready() ? { status: 'ready' } : reply.code(503).send({ status: 'draining' }),
  )
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await actions.metrics.exposition()
    return reply.header('content-type', contentType).send(body)
  })
  app.get('/status', () => actions.status())
  app.get('/costs', () => actions.costs())
  app.get('/explain', (request, reply) => {
    const question = questionOf(request)
    if (!(question instanceof PolycdnError)) return actions.explain(question)
    return reply.code(400).send({ error: question.code, message: question.message })
  })
  app.post('/reload', async (_request, reply) => {
    const problems = await actions.reload()
    const lines = problems.map(formatProblem)
    return lines.length === 0 ? { status: 'reloaded' } : reply.code(422).send({ status: 'rejected', problems: lines })
  })
}

function questionOf(request: FastifyRequest): Question | PolycdnError {
  // A parameter that comes twice is an array.
  const { ip, host, path = '/', method = 'GET', header = [] } = request.query as Record<string, unknown>
  const headers = typeof header === 'string' ? [header] : header
  const texts = [ip, host, path, method, ...(Array.isArray(headers) ? headers : [null])]
  if (!texts.every((text) => typeof text === 'string')) return new PolycdnError('bad_request', 'ip and host are needed')
  return parseQuestion({ ip, host, path, method, headers } as AskedRequest)
}
