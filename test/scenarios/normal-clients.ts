import { Agent as PlainAgent } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { CA } from '../helpers/certificates.ts'
import { get } from '../helpers/http.ts'
import type { Scope } from '../helpers/scope.ts'

export interface NormalReport {
  readonly requests: number
  readonly failures: readonly string[]
  /** Milliseconds. */
  readonly slowest: number
}

/** Two on kept connections, two on new ones each time; half of them over TLS. */
export class NormalClients {
  #requests = 0
  #slowest = 0
  readonly #failures: string[] = []
  readonly #asks: readonly (() => Promise<number>)[]
  #running: Promise<unknown> = Promise.resolve()
  #stopped = false

  constructor(scope: Scope, { plain: plainUrl, tls: secureUrl }: { readonly plain: URL; readonly tls: URL }) {
    this.#asks = [true, false].flatMap((keepAlive) => {
      const plain = new PlainAgent({ keepAlive, maxSockets: 1 })
      const secure = new SecureAgent({ keepAlive, maxSockets: 1, ca: CA })
      for (const agent of [plain, secure]) scope.teardown(() => agent.destroy())
      return [async () => (await get(String(plainUrl), { agent: plain })).status, () => askSecurely(secureUrl, secure)]
    })
  }

  async warmUp(): Promise<void> {
    for (const ask of this.#asks) await ask()
  }

  start(): void {
    this.#running = Promise.all(this.#asks.map((ask) => this.#repeat(ask)))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  report(): NormalReport {
    return { requests: this.#requests, failures: this.#failures, slowest: Math.round(this.#slowest) }
  }

  async #repeat(ask: () => Promise<number>): Promise<void> {
    for (; !this.#stopped; await sleep(5)) {
      const began = performance.now()
      this.#requests++
      await ask().then(
        (status) => status !== 200 && this.#failures.push(`status ${status}`),
        (error: Error) => this.#failures.push(error.message),
      )
      this.#slowest = Math.max(this.#slowest, performance.now() - began)
    }
  }
}

function askSecurely(url: URL, agent: SecureAgent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = secureRequest(url, { agent, servername: 'localhost' }, (response) => {
      response
        .on('error', reject)
        .on('end', () => resolve(response.statusCode ?? 0))
        .resume()
    })
    sent.on('error', reject).end()
  })
}
