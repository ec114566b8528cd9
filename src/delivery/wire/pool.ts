import { PolycdnError } from '../../errors.ts'
import type { AnswerHandler } from './answer-handler.ts'
import { Connection, type ConnectionOwner, type Open } from './connection.ts'
import { Exchange } from './exchange.ts'
import type { Question } from './request-head.ts'

/** The connections to one Endpoint: as many as there are requests at a time. The one that waited least is used first. */
export class WirePool implements ConnectionOwner {
  readonly #open: Open
  readonly #now: () => number
  readonly #live = new Set<Connection>()
  /** The one that was used last stands last. */
  #idle: Connection[] = []
  #running = 0
  #closed = false
  readonly #drained = Promise.withResolvers<void>()
  #sweep: NodeJS.Timeout | null = null

  /** @param now milliseconds, monotonic */
  constructor(open: Open, now: () => number = () => performance.now()) {
    this.#open = open
    this.#now = now
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Asks with GET or HEAD. The handler's `onError` reports every failure, also those before the connection. */
  dispatch(question: Question, handler: AnswerHandler): void {
    let exchange: Exchange
    try {
      if (this.#closed) throw new PolycdnError('connection_terminated', 'the endpoint is gone')
      exchange = new Exchange(question, handler, () => this.#onOver())
    } catch (error) {
      return handler.onError(error as Error)
    }
    this.#running++
    const connection = this.#takeIdle()
    if (connection === null) this.#dial(exchange)
    else connection.carry(exchange)
  }

  /** Takes nothing more, and is fulfilled when all that runs has ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const connection of this.#idle) connection.drop()
    this.#rest([])
    if (this.#running > 0) await this.#drained.promise
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    this.#closed = true
    this.#rest([])
    for (const connection of this.#live) connection.destroy()
  }

  onFree(connection: Connection, idle: number): void {
    if (this.#closed) return connection.drop()
    connection.idleUntil = this.#now() + idle
    this.#idle.push(connection)
    this.#sweep ??= this.#sweepAfter(idle)
  }

  onStale(exchange: Exchange): void {
    this.#dial(exchange)
  }

  onClose(connection: Connection): void {
    this.#live.delete(connection)
    if (this.#idle.includes(connection)) this.#rest(this.#idle.filter((other) => other !== connection))
  }

  #onOver(): void {
    if (--this.#running === 0 && this.#closed) this.#drained.resolve()
  }

  #takeIdle(): Connection | null {
    const now = this.#now()
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usable && now < connection.idleUntil) return connection
      connection.drop()
    }
    return null
  }

  #dial(exchange: Exchange): void {
    try {
      this.#live.add(new Connection(this, this.#open, exchange))
    } catch (error) {
      // Nobody waits for an answer within the call that asks.
      return queueMicrotask(() => exchange.fail(error as Error))
    }
    exchange.dials()
  }

  #rest(idle: Connection[]): void {
    this.#idle = idle
    if (idle.length > 0 || this.#sweep === null) return
    clearTimeout(this.#sweep)
    this.#sweep = null
  }

  /** One timer for all: a connection may wait a little longer, and is never used after its time. */
  #sweepAfter(ms: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.#sweep = null
        const now = this.#now()
        const stay = this.#idle.filter((connection) => connection.usable && now < connection.idleUntil)
        for (const connection of this.#idle) if (!stay.includes(connection)) connection.drop()
        this.#idle = stay
        if (stay.length === 0) return
        this.#sweep = this.#sweepAfter(Math.min(...stay.map(({ idleUntil }) => idleUntil)) - now)
      },
      Math.max(ms, LEAST),
    ).unref()
  }
}

/** Milliseconds between two looks. */
const LEAST = 100
