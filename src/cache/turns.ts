import type { Claim, Claims } from './claims.ts'

/** What becomes of a key that another process asks for. `alone`: each client has to ask for itself. */
export type Turned<Stored> = Stored | 'ask' | 'alone'

/** Another process asks. */
export interface Turn<Stored> {
  readonly over: Promise<Turned<Stored>>
  /** Nobody wants it any more: it is over at once, with `ask`. */
  leave(): void
}

/** What is stored for a request now. `vary-miss`: something is, but for others. */
export type Look<Stored extends object> = () => Stored | 'vary-miss' | 'uri-miss'

export interface TurnsOptions {
  readonly claims: Claims
  /** Another process found that answers for a key are not for others. */
  onUnshared(key: string, until: number): void
  now(): number
  after(milliseconds: number, expire: () => void): { cancel(): void }
}

/** Milliseconds: who waits longer for another process asks too. An answer that takes longer is slow, or large. */
const MAX_TURN = 2_000
/** Milliseconds between looks: twice as many each time. */
const FIRST_LOOK = 5
const LAST_LOOK = 50
/** Keys for which this process waits at once; for more it asks at once. */
const MOST_WAITING = 1_000

/**
 * One fetch for each key among all processes that share a cache on disk. Who is first in its process claims the key; who
 * finds it claimed waits until the answer is on disk, and looks for that now and then: a look costs microseconds, needs
 * nobody who passes messages on, and finds out about a process that died.
 */
export class Turns {
  readonly #options: TurnsOptions
  /** What this process has claimed. */
  readonly #held = new Set<string>()
  #waiting = 0

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** For who is first in this process. Who is told to ask calls `release` when the answer is stored, or is not for others. */
  take<Stored extends object>(key: string, look: Look<Stored>): 'ask' | 'alone' | Turn<Stored> {
    const claimed = this.#claim(key)
    if (claimed !== 'wait') return claimed
    if (this.#waiting >= MOST_WAITING) return 'ask'
    return this.#wait(key, look)
  }

  /** Lets the others go: they look for what is stored, or ask. */
  release(key: string): void {
    if (this.#held.delete(key)) this.#options.claims.release(key)
  }

  /** Tells the others that answers for this key are not for others, so that they do not wait for each other. */
  mark(key: string, until: number): void {
    if (this.#held.delete(key)) this.#options.claims.mark(key, until)
  }

  unmark(key: string): void {
    this.#options.claims.unmark(key)
  }

  close(): void {
    this.#options.claims.close()
  }

  #claim(key: string): 'ask' | 'alone' | 'wait' {
    const claim = this.#options.claims.claim(key)
    if (claim.kind === 'ours') this.#held.add(key)
    if (claim.kind === 'theirs') return 'wait'
    return claim.kind === 'unshared' ? this.#alone(key, claim) : 'ask'
  }

  #alone(key: string, { until }: Extract<Claim, { readonly kind: 'unshared' }>): 'alone' {
    this.#options.onUnshared(key, until)
    return 'alone'
  }

  #wait<Stored extends object>(key: string, look: Look<Stored>): Turn<Stored> {
    const { now, after } = this.#options
    const { promise, resolve } = Promise.withResolvers<Turned<Stored>>()
    const deadline = now() + MAX_TURN
    let timer: { cancel(): void } | null = null
    const end = (turned: Turned<Stored>) => {
      if (timer === null) return
      timer.cancel()
      timer = null
      this.#waiting--
      resolve(turned)
    }
    const waitFor = (ms: number) => {
      timer = after(Math.min(ms, deadline - now()), () => {
        const turned = this.#turned(key, look)
        if (turned !== 'wait') end(turned)
        else if (now() >= deadline) end('ask')
        else waitFor(Math.min(ms * 2, LAST_LOOK))
      })
    }
    this.#waiting++
    waitFor(FIRST_LOOK)
    return { over: promise, leave: () => end('ask') }
  }

  #turned<Stored extends object>(key: string, look: Look<Stored>): Turned<Stored> | 'wait' {
    const claim = this.#options.claims.look(key)
    if (claim.kind === 'theirs') return 'wait'
    if (claim.kind === 'unshared') return this.#alone(key, claim)
    const found = look()
    if (typeof found !== 'string') return found
    // One of those who waited is the next, where what came is for others or nothing came. Who failed has told them all:
    // they ask at once, not one behind the other.
    return found === 'vary-miss' || claim.kind === 'lapsed' ? this.#claim(key) : 'ask'
  }
}
