import { ProofError } from '../providers/proof.ts'

/** What a look-up found. */
export interface Found<T> {
  /** Null: there is no such name. */
  readonly value: T | null
  /** Milliseconds until it is looked up again. */
  readonly freshFor: number
  /** Until then it stands in for look-ups that fail. Milliseconds since 1970. */
  readonly keptUntil: number
}

export interface RememberedNamesOptions {
  /** Milliseconds since 1970. */
  now(): number
  /** A look-up failed, and what was known before is served. */
  onStale(key: string, error: unknown): void
}

/** Who looks a name up. `via`: another one may find something else, and is not blamed for this one. */
export interface LookUp<T> {
  readonly via: string
  find(): Promise<Found<T>>
}

interface Entry<T> extends Found<T> {
  readonly at: number
  failedAt: number
  refreshing: boolean
}

/** How long after its time a value is served at once, while it is looked up. Milliseconds. */
const STALE = 600_000
/** Between two look-ups of a name that is known, when they fail. Milliseconds. */
const PAUSE = 1000
const MAX_NAMES = 4096
const MAX_RUNNING = 256

/**
 * What names led to. One look-up at a time per name and who it is asked of; a name that is known is refreshed behind the
 * back of visitors, and what was good stands in for what fails.
 */
export class RememberedNames<T> {
  readonly #options: RememberedNamesOptions
  readonly #entries = new Map<string, Entry<T>>()
  readonly #running = new Map<string, Promise<T | null>>()

  constructor(options: RememberedNamesOptions) {
    this.#options = options
  }

  /** Null: there is no such name. Rejects with what the look-up threw where nothing is known that can stand in. */
  async get(key: string, lookUp: LookUp<T>): Promise<T | null> {
    const entry = this.#recall(key)
    if (entry !== null && this.#isFresh(entry)) return entry.value
    if (entry !== null && this.#servesStale(entry)) {
      this.#refresh(key, entry, lookUp)
      return entry.value
    }
    try {
      return await this.#shared(key, lookUp)
    } catch (error) {
      const known = this.#entries.get(key)
      if (known === undefined || !this.#isKept(known) || isLie(error)) throw error
      this.#options.onStale(key, error)
      return known.value
    }
  }

  /** What was known in an earlier life: it stands in where a look-up fails, no more. */
  recollect(key: string, value: T, keptUntil: number): void {
    if (this.#entries.has(key)) return
    this.#remember(key, { value, freshFor: 0, keptUntil, at: Number.NEGATIVE_INFINITY })
  }

  #isFresh({ at, freshFor }: Entry<T>): boolean {
    const age = this.#options.now() - at
    // A clock that was set back tells nothing.
    return age >= 0 && age < freshFor
  }

  #isKept({ value, keptUntil }: Entry<T>): boolean {
    return value !== null && this.#options.now() < keptUntil
  }

  #servesStale(entry: Entry<T>): boolean {
    return (
      this.#isKept(entry) && (this.#hasJustFailed(entry) || this.#options.now() - entry.at < entry.freshFor + STALE)
    )
  }

  #hasJustFailed({ failedAt }: Entry<T>): boolean {
    return Math.abs(this.#options.now() - failedAt) < PAUSE
  }

  #refresh(key: string, entry: Entry<T>, lookUp: LookUp<T>): void {
    if (entry.refreshing || this.#hasJustFailed(entry)) return
    entry.refreshing = true
    this.#shared(key, lookUp)
      .catch((error: unknown) => this.#options.onStale(key, error))
      .finally(() => {
        entry.refreshing = false
      })
  }

  async #shared(key: string, lookUp: LookUp<T>): Promise<T | null> {
    const id = `${key}\n${lookUp.via}`
    const running = this.#running.get(id)
    if (running === undefined) return this.#start(id, key, lookUp)
    try {
      return await running
    } catch (error) {
      // It went with a request that was given up, and that was not ours.
      if (error instanceof ProofError) throw error
      return this.#running.get(id) ?? this.#start(id, key, lookUp)
    }
  }

  #start(id: string, key: string, lookUp: LookUp<T>): Promise<T | null> {
    if (this.#running.size >= MAX_RUNNING) throw new ProofError('unproved', 'too many names are being looked up')
    const found = this.#find(key, lookUp).finally(() => this.#running.delete(id))
    this.#running.set(id, found)
    return found
  }

  async #find(key: string, { find }: LookUp<T>): Promise<T | null> {
    try {
      const found = await find()
      this.#remember(key, { ...found, at: this.#options.now() })
      return found.value
    } catch (error) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) entry.failedAt = this.#options.now()
      throw error
    }
  }

  #recall(key: string): Entry<T> | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  #remember(key: string, found: Found<T> & { readonly at: number }): void {
    this.#entries.delete(key)
    if (this.#entries.size >= MAX_NAMES) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, { ...found, failedAt: Number.NEGATIVE_INFINITY, refreshing: false })
  }
}

/** Whoever lies has to be told so, whatever else is known. */
function isLie(error: unknown): boolean {
  return error instanceof ProofError && error.fault === 'corrupt'
}
