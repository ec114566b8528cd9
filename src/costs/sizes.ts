/** What is assumed before anything was delivered. Bytes. */
const UNKNOWN = 100_000
/** How much of what is known the next answer replaces. */
const WEIGHT = 1 / 64
const MOST = 256
const LONGEST = 8

/**
 * How large answers are, by the extension of their path: learned from those that run through the gateway, for those that
 * clients are redirected to. At most 256 extensions; the others share one average.
 */
export class Sizes {
  readonly #averages = new Map<string, number>()

  learn(path: string, bytes: number): void {
    const key = this.#keyOf(path)
    const known = this.#averages.get(key)
    this.#averages.set(key, known === undefined ? bytes : known + (bytes - known) * WEIGHT)
  }

  /** Bytes that an answer for this path has, more or less. */
  estimate(path: string): number {
    return Math.round(this.#averages.get(extensionOf(path)) ?? this.#averages.get('') ?? UNKNOWN)
  }

  #keyOf(path: string): string {
    const extension = extensionOf(path)
    return this.#averages.has(extension) || this.#averages.size < MOST ? extension : ''
  }
}

/** `js`, in lower case; empty where there is none, or none that looks like one. */
function extensionOf(path: string): string {
  const dot = path.lastIndexOf('.')
  if (dot <= path.lastIndexOf('/') || path.length - dot - 1 > LONGEST) return ''
  return path.slice(dot + 1).toLowerCase()
}
