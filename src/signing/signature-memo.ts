import { hash } from 'node:crypto'

/** At most 1 KiB each. */
const MOST = 4096

/** Remembers the signatures of texts: the same link is asked for again and again, and RSA takes most of a millisecond. */
export class SignatureMemo {
  readonly #sign: (text: string) => string
  /** By the text's SHA-256: texts are as long as clients make them. The oldest goes first. */
  readonly #known = new Map<string, string>()

  constructor(sign: (text: string) => string) {
    this.#sign = sign
  }

  of(text: string): string {
    const key = hash('sha256', text, 'base64')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const signature = this.#sign(text)
    if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(key, signature)
    return signature
  }
}
