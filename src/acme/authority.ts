import { setTimeout as sleep } from 'node:timers/promises'
import { Client, crypto, type Order } from 'acme-client'
import { AcmeRefused } from './acme-refused.ts'
import { type IssuedCertificate, readCertificate } from './certificate.ts'
import { talking } from './transport.ts'

export interface AuthorityOptions {
  readonly directory: string
  readonly email: string
  /** PEM. */
  readonly accountKey: string
  /** Ends whatever is under way. */
  readonly signal: AbortSignal
}

/** Where answers to challenges are put before the authority asks for them. */
export interface ChallengeBoard {
  /** Resolves when everybody who may be asked can answer. */
  publish(token: string, keyAuthorization: string): Promise<void>
  withdraw(token: string): Promise<void>
}

/** Pauses between two looks at what the authority works on, and how many looks it gets. Milliseconds. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 5_000
const LOOKS = 40

/** An account at a directory that issues certificates after a look at port 80 (RFC 8555, HTTP-01). */
export class Authority {
  readonly #client: Client
  readonly #signal: AbortSignal

  /** Makes the account where there is none. Whoever configures a directory agrees to its terms. Throws AcmeRefused. */
  static async register({ directory, email, accountKey, signal }: AuthorityOptions): Promise<Authority> {
    const client = new Client({ directoryUrl: directory, accountKey })
    const account = { termsOfServiceAgreed: true, contact: [`mailto:${email}`] }
    await talking(signal, () => client.createAccount(account))
    return new Authority(client, signal)
  }

  private constructor(client: Client, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  /** One certificate for one name, with a key of its own. Throws AcmeRefused, or what the network says. */
  order(name: string, board: ChallengeBoard): Promise<IssuedCertificate> {
    return talking(this.#signal, async () => {
      const order = await this.#client.createOrder({ identifiers: [{ type: 'dns', value: name }] })
      await this.#prove(order, board)
      const [key, request] = await crypto.createCsr({ altNames: [name] }, await crypto.createPrivateEcdsaKey())
      await this.#client.finalizeOrder(order, request)
      const ready = await this.#watch(() => this.#client.getOrder(order))
      const cert = await this.#client.getCertificate(ready)
      const issued = readCertificate(name, cert, key.toString())
      if (issued === null) throw new AcmeRefused(0, { detail: 'the certificate is not the one that was ordered' }, null)
      return issued
    })
  }

  /** Shows that the name leads here, unless the authority knows it already. */
  async #prove(order: Order, board: ChallengeBoard): Promise<void> {
    const [authorization] = await this.#client.getAuthorizations(order)
    if (authorization?.status === 'valid') return
    const challenge = authorization?.challenges.find(({ type }) => type === 'http-01')
    if (challenge === undefined) throw new AcmeRefused(0, { detail: 'the authority offers no http-01' }, null)
    const { token } = challenge
    try {
      await board.publish(token, await this.#client.getChallengeKeyAuthorization(challenge))
      await this.#client.completeChallenge(challenge)
      await this.#watch(async () => {
        const [now] = await this.#client.getAuthorizations(order)
        const problem = now?.challenges.find(({ error }) => error !== undefined)?.error
        return { status: now?.status ?? 'invalid', error: problem }
      })
    } finally {
      await board.withdraw(token)
    }
  }

  async #watch<T extends { readonly status: string; readonly error?: unknown }>(look: () => Promise<T>): Promise<T> {
    let pause = FIRST_PAUSE
    for (let looks = 0; looks < LOOKS; looks++) {
      await sleep(pause, undefined, { signal: this.#signal })
      const seen = await look()
      if (seen.status === 'valid') return seen
      if (!PENDING.has(seen.status)) throw new AcmeRefused(0, seen.error ?? { detail: `it is ${seen.status}` }, null)
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
    throw new AcmeRefused(0, { detail: 'the authority does not come to an end' }, null)
  }
}

const PENDING: ReadonlySet<string> = new Set(['pending', 'processing', 'ready'])
