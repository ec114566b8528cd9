import type { ApiAnswer, ApiCall, Login, Meaning } from './apis/purge-api.ts'

interface Held {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** A token that is about to end is no use for a call that takes its time. Milliseconds. */
const EARLY = 60_000

/** Access tokens by who gives them, fetched when they are needed and kept while they are good. */
export class Tokens {
  readonly #held = new WeakMap<Login, Held>()
  readonly #asked = new WeakMap<Login, Promise<string | Meaning>>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** The token, or why there is none. Who comes meanwhile waits for the same answer. */
  async get(login: Login, ask: (call: ApiCall) => Promise<ApiAnswer | Meaning>): Promise<string | Meaning> {
    const held = this.#held.get(login)
    if (held !== undefined && held.until > this.#now()) return held.token
    let asked = this.#asked.get(login)
    if (asked === undefined) {
      asked = this.#fetch(login, ask).finally(() => this.#asked.delete(login))
      this.#asked.set(login, asked)
    }
    return asked
  }

  /** This one was refused: the next who needs a token gets another. */
  forget(login: Login, token: string): void {
    if (this.#held.get(login)?.token === token) this.#held.delete(login)
  }

  async #fetch(login: Login, ask: (call: ApiCall) => Promise<ApiAnswer | Meaning>): Promise<string | Meaning> {
    const now = this.#now()
    const answer = await ask(login.call(now))
    if ('kind' in answer) return answer
    const read = login.read(answer)
    if ('kind' in read) return read
    this.#held.set(login, { token: read.token, until: now + Math.max(read.lifetime - EARLY, read.lifetime / 2) })
    return read.token
  }
}
