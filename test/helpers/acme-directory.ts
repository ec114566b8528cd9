import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TestAuthority } from './acme-authority.ts'
import type { Scope } from './scope.ts'
import { until } from './wait.ts'

export interface AcmeDirectoryOptions {
  /** The port where names are validated instead of 80. Validation waits until it is set. */
  port?: number
  /** 0…1: how many requests get badNonce. */
  readonly badNonces?: number
  readonly random?: () => number
  /** Milliseconds until certificates end, and since they began. Both may change. Default 90 days, and 1 s. */
  lifetime?: number
  age?: number
}

/** What a name gets instead of a certificate: a rate limit of so many seconds, or a validation that never succeeds. */
export type Refusal = { readonly retryAfter: number } | 'invalid'

interface Order {
  readonly name: string
  readonly token: string
  readonly account: string
  state: 'pending' | 'valid' | 'invalid'
  error?: object
  certificate?: string
}

type JsonWebKey = import('node:crypto').webcrypto.JsonWebKey

interface Signed {
  readonly account: string
  readonly payload: Record<string, unknown>
  readonly jwk: JsonWebKey
}

/** A small ACME directory (RFC 8555) on loopback: every signature is verified, every name is really looked at. */
export class AcmeDirectory {
  readonly options: AcmeDirectoryOptions
  readonly authority: TestAuthority
  readonly refusals = new Map<string, Refusal>()
  /** Names that were ordered, in their order; and how often an account was made. */
  readonly ordered: string[] = []
  readonly issued: string[] = []
  /** What the port answered to every look, for tests that fail. */
  readonly looks: string[] = []
  accounts = 0
  /** Orders that are pending at this time, and the most there ever were. */
  pending = 0
  mostPending = 0
  readonly #nonces = new Set<string>()
  readonly #keys = new Map<string, JsonWebKey>()
  readonly #orders: Order[] = []
  #url = ''

  constructor(authority: TestAuthority, options: AcmeDirectoryOptions) {
    this.authority = authority
    this.options = options
  }

  get url(): string {
    return `${this.#url}/directory`
  }

  async listen(scope: Scope): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => this.#problem(response, 500, 'serverInternal', String(error)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    scope.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    response.setHeader('replay-nonce', this.#nonce())
    if (path === '/directory') {
      const resources = ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange']
      return this.#send(response, 200, Object.fromEntries(resources.map((name) => [name, `${this.#url}/${name}`])))
    }
    if (path === '/newNonce') return void response.writeHead(200).end()
    const signed = this.#verify(path, JSON.parse(Buffer.concat(chunks).toString()))
    if (typeof signed === 'string') return this.#problem(response, 400, signed, signed)
    if (path === '/newAccount') return this.#newAccount(response, signed)
    if (path.startsWith('/account/')) return this.#send(response, 200, { status: 'valid' })
    if (path === '/newOrder') return this.#newOrder(response, signed)
    const [, what, index] = path.split('/')
    const order = this.#orders[Number(index)]
    if (order?.account !== signed.account) return this.#problem(response, 403, 'unauthorized', 'not your order')
    return this.#aboutOrder(response, what!, order, signed)
  }

  async #aboutOrder(response: ServerResponse, what: string, order: Order, signed: Signed): Promise<void> {
    if (what === 'challenge') {
      void this.#validate(order, signed.jwk)
      return this.#send(response, 200, this.#challenge(order))
    }
    if (what === 'authz') {
      const body = { identifier: { type: 'dns', value: order.name }, status: order.state }
      return this.#send(response, 200, { ...body, challenges: [this.#challenge(order)] })
    }
    if (what === 'finalize') {
      if (order.state !== 'valid') return this.#problem(response, 403, 'orderNotReady', 'prove the name first')
      const request = Buffer.from(String(signed.payload.csr), 'base64url')
      const names = await this.authority.namesOf(request)
      if (names.join() !== order.name) return this.#problem(response, 400, 'badCSR', 'other names than ordered')
      order.certificate = await this.authority.issue(request, this.options)
      this.issued.push(order.name)
      this.pending--
    }
    if (what === 'certificate') {
      return void response
        .writeHead(200, { 'content-type': 'application/pem-certificate-chain' })
        .end(order.certificate)
    }
    return this.#send(response, 200, this.#shown(order))
  }

  /** RFC 8555 section 6.2: an object of JWS, whose nonce is fresh and whose URL is this one. */
  #verify(path: string, body: { protected: string; payload: string; signature: string }): Signed | string {
    const head = JSON.parse(Buffer.from(body.protected, 'base64url').toString())
    const { badNonces = 0, random = Math.random } = this.options
    if (!this.#nonces.delete(head.nonce) || random() < badNonces) return 'badNonce'
    if (head.url !== this.#url + path || head.alg !== 'ES256') return 'malformed'
    const jwk = head.jwk ?? this.#keys.get(head.kid)
    if (jwk === undefined) return 'accountDoesNotExist'
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const text = Buffer.from(`${body.protected}.${body.payload}`)
    const signature = Buffer.from(body.signature, 'base64url')
    if (!verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature)) return 'malformed'
    const payload = body.payload === '' ? {} : JSON.parse(Buffer.from(body.payload, 'base64url').toString())
    return { account: `${this.#url}/account/${thumbprint(jwk)}`, payload, jwk }
  }

  #newAccount(response: ServerResponse, { account, payload, jwk }: Signed): void {
    const known = this.#keys.has(account)
    if (!known && payload.termsOfServiceAgreed !== true)
      return this.#problem(response, 403, 'userActionRequired', 'terms')
    if (!known) this.accounts++
    this.#keys.set(account, jwk)
    response.setHeader('location', account)
    this.#send(response, known ? 200 : 201, { status: 'valid' })
  }

  #newOrder(response: ServerResponse, { account, payload }: Signed): void {
    const [{ value: name }] = payload.identifiers as [{ value: string }]
    this.ordered.push(name)
    const refusal = this.refusals.get(name)
    if (refusal !== undefined && refusal !== 'invalid') {
      response.setHeader('retry-after', String(refusal.retryAfter))
      return this.#problem(response, 429, 'rateLimited', 'too many certificates')
    }
    this.pending++
    this.mostPending = Math.max(this.mostPending, this.pending)
    const order: Order = { name, account, token: randomBytes(16).toString('base64url'), state: 'pending' }
    this.#orders.push(order)
    response.setHeader('location', this.#urlOf(order, 'order'))
    this.#send(response, 201, this.#shown(order))
  }

  /** RFC 8555 section 8.3: the look at the port where the name leads. */
  async #validate(order: Order, jwk: JsonWebKey): Promise<void> {
    const port = await until(() => this.options.port, { what: 'the port of the gateway' })
    const seen = await look(port, order.name, order.token).catch(String)
    this.looks.push(seen)
    const proved = seen === `200 ${order.token}.${thumbprint(jwk)}` && this.refusals.get(order.name) !== 'invalid'
    order.state = proved ? 'valid' : 'invalid'
    if (!proved) {
      order.error = { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'the name does not lead there' }
      this.pending--
    }
  }

  #challenge(order: Order): object {
    const error = order.error === undefined ? {} : { error: order.error }
    return { type: 'http-01', url: this.#urlOf(order, 'challenge'), token: order.token, status: order.state, ...error }
  }

  #shown(order: Order): object {
    const done = order.certificate !== undefined
    return {
      status: done ? 'valid' : order.state === 'valid' ? 'ready' : order.state,
      identifiers: [{ type: 'dns', value: order.name }],
      authorizations: [this.#urlOf(order, 'authz')],
      finalize: this.#urlOf(order, 'finalize'),
      ...(done ? { certificate: this.#urlOf(order, 'certificate') } : {}),
    }
  }

  #urlOf(order: Order, what: string): string {
    return `${this.#url}/${what}/${this.#orders.indexOf(order)}`
  }

  #nonce(): string {
    const nonce = randomBytes(12).toString('base64url')
    this.#nonces.add(nonce)
    return nonce
  }

  #problem(response: ServerResponse, status: number, type: string, detail: string): void {
    this.#send(response, status, { type: `urn:ietf:params:acme:error:${type}`, detail })
  }

  #send(response: ServerResponse, status: number, body: object): void {
    const type = status < 400 ? 'application/json' : 'application/problem+json'
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
  }
}

/** RFC 7638. */
function thumbprint({ crv, kty, x, y }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

function look(port: number, host: string, token: string): Promise<string> {
  const path = `/.well-known/acme-challenge/${token}`
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
    })
    request.on('error', reject)
    request.end()
  })
}

export async function startAcmeDirectory(scope: Scope, options: AcmeDirectoryOptions = {}): Promise<AcmeDirectory> {
  const directory = new AcmeDirectory(await TestAuthority.create(), options)
  await directory.listen(scope)
  return directory
}
