import { Markers } from './markers.ts'

/** One fetch that several requests may wait for. */
interface Flight<Landed> {
  readonly waiting: Set<(landed: Landed | null) => void>
  /** What has begun to come, for those who ask while it comes. */
  landed: Landed | null
  /** The last of those who waited gave up. */
  onAlone: () => void
}

/** What a request is to do. */
export type Boarding<Landed> =
  /**
   * It asks the upstream. It must call `land` when the head of the answer is there, with null where that is not for
   * others, and `done` when all has come and is stored, or nothing will: `done` in any case. `others` wait for it;
   * `whenAlone` calls whenever the last of them has given up before the head was there.
   */
  | {
      readonly role: 'leader'
      readonly others: number
      whenAlone(listener: () => void): void
      land(landed: Landed | null): void
      done(): void
    }
  /** Another one asks. The promise is null where what came is not for others, or the wait was too long. */
  | { readonly role: 'waiter'; readonly landed: Promise<Landed | null>; leave(): void }
  /** It asks for itself: what comes is not stored, or too many wait. */
  | { readonly role: 'alone'; readonly because: 'hit-for-miss' | 'full' }

export interface FlightsOptions {
  /** Requests that may wait for one fetch, and for all of them. */
  readonly maxWaiting: number
  readonly maxWaitingInAll: number
  /** Milliseconds: how long one waits for the head of an answer. */
  readonly maxWait: number
  /** Milliseconds: how long what was not for others is taken to stay so. */
  readonly hitForMiss: number
  /** Keys of which that is remembered. */
  readonly maxMarkers: number
  /** What comes for this key is stored by now, or is not for others. */
  onEnded?(key: string): void
  now(): number
  after(milliseconds: number, expire: () => void): { cancel(): void }
}

/**
 * One fetch for each key, however many ask at once. What turns out not to be for others is remembered for a while, so
 * that the next ones do not queue for it one behind the other (hit-for-miss).
 */
export class Flights<Landed> {
  readonly #options: FlightsOptions
  readonly #flights = new Map<string, Flight<Landed>>()
  /** Until when a key is not shared. */
  readonly #markers: Markers
  #waiting = 0

  constructor(options: FlightsOptions) {
    this.#options = options
    this.#markers = new Markers(options.maxMarkers)
  }

  /** Fetches under way, and requests that wait for one. */
  get flying(): number {
    return this.#flights.size
  }

  get waiting(): number {
    return this.#waiting
  }

  /** What has begun to come for a key. */
  landed(key: string): Landed | null {
    return this.#flights.get(key)?.landed ?? null
  }

  board(key: string): Boarding<Landed> {
    if (this.isMarked(key)) return { role: 'alone', because: 'hit-for-miss' }
    const flight = this.#flights.get(key)
    if (flight === undefined) return this.#takeOff(key)
    if (flight.landed !== null) {
      return { role: 'waiter', landed: Promise.resolve(flight.landed), leave: () => {} }
    }
    const { maxWaiting, maxWaitingInAll } = this.#options
    const isFull = flight.waiting.size >= maxWaiting || this.#waiting >= maxWaitingInAll
    return isFull ? { role: 'alone', because: 'full' } : this.#wait(flight)
  }

  /** Says that answers for this key are not for others for now. */
  mark(key: string, until = this.#options.now() + this.#options.hitForMiss): void {
    this.#markers.add(key, until, this.#options.now())
  }

  /** Whether answers for this key are not for others for now. */
  isMarked(key: string): boolean {
    return this.#markers.has(key, this.#options.now())
  }

  /** Something was stored for this key after all. False: nobody had said otherwise. */
  unmark(key: string): boolean {
    return this.#markers.delete(key)
  }

  /** Whoever asks from now on asks anew: what comes may be older than what is known of the key. */
  forget(key: string): void {
    this.#flights.delete(key)
  }

  #takeOff(key: string): Boarding<Landed> {
    const flight: Flight<Landed> = { waiting: new Set(), landed: null, onAlone: () => {} }
    this.#flights.set(key, flight)
    const land = (landed: Landed | null) => {
      flight.landed = landed
      if (landed === null && this.#flights.get(key) === flight) this.#flights.delete(key)
      for (const settle of [...flight.waiting]) settle(landed)
      if (landed === null) this.#options.onEnded?.(key)
    }
    const done = () => land(null)
    return {
      role: 'leader',
      get others() {
        return flight.waiting.size
      },
      whenAlone: (listener) => {
        flight.onAlone = listener
      },
      land,
      done,
    }
  }

  #wait(flight: Flight<Landed>): Boarding<Landed> {
    const { promise, resolve } = Promise.withResolvers<Landed | null>()
    const settle = (landed: Landed | null) => {
      if (!flight.waiting.delete(settle)) return
      this.#waiting--
      deadline.cancel()
      resolve(landed)
    }
    const leave = () => {
      if (!flight.waiting.has(settle)) return
      settle(null)
      if (flight.waiting.size === 0) flight.onAlone()
    }
    const deadline = this.#options.after(this.#options.maxWait, leave)
    flight.waiting.add(settle)
    this.#waiting++
    return { role: 'waiter', landed: promise, leave }
  }
}
