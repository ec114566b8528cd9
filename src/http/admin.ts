import type { AddressInfo } from 'node:net'
import { platform } from 'node:os'
import fastify, { type FastifyInstance, type FastifyListenOptions, type FastifyRequest } from 'fastify'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { AdminSettings } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Question } from '../steering/explain.ts'
import { formatAddress, listenError } from './listen-error.ts'
import { sameSecret } from './may-debug.ts'
import { probeAddress } from './probe-address.ts'
import { type AskedRequest, parseQuestion } from './question.ts'
import { WITHOUT_SCHEMAS } from './without-schemas.ts'

/** What the admin can tell and do. */
export interface AdminActions {
  readonly metrics: Metrics
  ready(): boolean
  /** Somebody came without the token, or with another. */
  onDenied(): void
  status(): object
  /** `given`: suppositions such as `unhealthy:a`; of one that makes no sense, the error. */
  explain(question: Question, given: readonly string[]): object | PolycdnError
  /** How the month of each Cdn stands. */
  costs(): object
  /** What became of it; null: no Cdn has this name. */
  drain(cdn: string, drained: boolean): Promise<object | null>
  /** What became of it, here and at the CDNs; of one that makes no sense, the error. */
  purge(body: unknown): Promise<object | PolycdnError>
  /** The last purges, and what is pending of them. */
  purges(): object
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

/** A purge may name a thousand URLs. Bytes. */
const PURGE_LIMIT = 1024 * 1024

/**
 * The admin server: /healthz, /readyz, /metrics, /status, /costs, /explain, POST /reload, POST /cdns/{name}/drain and
 * /undrain, GET and POST /purge.
 */
export class Admin {
  readonly #app: FastifyInstance
  /**
   * null: open to whoever reaches the address, which is a loopback one. Each address keeps a token of its own: while a
   * reload moves the admin, both are there, and what is right for one may be none for the other.
   */
  token: string | null

  private constructor(app: FastifyInstance, token: string | null) {
    this.#app = app
    this.token = token
  }

  /** `beside`: a gateway that this one takes over from may have the address as well. */
  static async listen(settings: AdminSettings & { readonly beside?: boolean }, actions: AdminActions): Promise<Admin> {
    const { host, token, beside = false } = settings
    const port = beside && settings.port !== 0 ? settings.port : await probeAddress({ host, port: settings.port })
    const app = fastify({ logger: false, forceCloseConnections: true, ...WITHOUT_SCHEMAS, ...BOUNDS })
    const admin = new Admin(app, token)
    guard(app, () => admin.token, actions.onDenied)
    addRoutes(app, actions)
    try {
      // The gateway that takes over answers here while this one ends. Elsewhere the option is an error.
      await app.listen({ host, port, reusePort: platform() === 'linux' } as FastifyListenOptions)
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, settings)
    }
    return admin
  }

  /** `host:port` as bound. */
  get address(): string {
    return formatAddress(this.#app.server.address() as AddressInfo)
  }

  async close(): Promise<void> {
    await this.#app.close()
  }
}

function guard(app: FastifyInstance, tokenNow: () => string | null, onDenied: () => void): void {
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN.has(request.url.split('?')[0]!)) return
    const token = tokenNow()
    if (token !== null) {
      const sent = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
      if (sent !== undefined && sameSecret(sent, token)) return
      onDenied()
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
    const given = listOf(request, 'given')
    const question = questionOf(request)
    const answer = question instanceof PolycdnError ? question : actions.explain(question, given)
    if (!(answer instanceof PolycdnError)) return answer
    return reply.code(400).send({ error: answer.code, message: answer.message })
  })
  for (const action of ['drain', 'undrain'] as const) {
    app.post(`/cdns/:name/${action}`, async (request, reply) => {
      const { name } = request.params as { readonly name: string }
      const answer = await actions.drain(name, action === 'drain')
      if (answer !== null) return answer
      return reply.code(404).send({ error: 'cdn_not_here', message: `no CDN is named ${JSON.stringify(name)}` })
    })
  }
  app.get('/purge', () => actions.purges())
  app.post('/purge', { bodyLimit: PURGE_LIMIT }, async (request, reply) => {
    const answer = await actions.purge(request.body)
    if (!(answer instanceof PolycdnError)) return answer
    return reply.code(answer.status).send({ error: answer.code, message: answer.message })
  })
  app.post('/reload', async (_request, reply) => {
    const problems = await actions.reload()
    const lines = problems.map(formatProblem)
    return lines.length === 0 ? { status: 'reloaded' } : reply.code(422).send({ status: 'rejected', problems: lines })
  })
}

function questionOf(request: FastifyRequest): Question | PolycdnError {
  // A parameter that comes twice is an array.
  const { ip, host, path = '/', method = 'GET' } = request.query as Record<string, unknown>
  const headers = listOf(request, 'header')
  const texts = [ip, host, path, method]
  if (!texts.every((text) => typeof text === 'string')) return new PolycdnError('bad_request', 'ip and host are needed')
  return parseQuestion({ ip, host, path, method, headers } as AskedRequest)
}

/** A parameter that may come several times. */
function listOf({ query }: FastifyRequest, name: string): readonly string[] {
  const value = (query as Record<string, unknown>)[name] ?? []
  return Array.isArray(value) ? value.map(String) : [String(value)]
}
