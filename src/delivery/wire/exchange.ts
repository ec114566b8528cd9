import { PolycdnError } from '../../errors.ts'
import type { AnswerHandler } from './answer-handler.ts'
import { type Question, requestHead } from './request-head.ts'

/** What an exchange may ask of the connection that has it. */
export interface Carrier {
  resume(): void
  /** The exchange is over, whatever may still come. */
  drop(): void
}

/** One request and its answer, over one connection or, where that was stale, a second. */
export class Exchange {
  readonly method: string
  /** The request as it is sent, in latin1. */
  readonly text: string
  readonly #handler: AnswerHandler
  readonly #onOver: () => void
  #carrier: Carrier | null = null
  #over = false

  /** @throws PolycdnError internal_error: it cannot be sent */
  constructor(question: Question, handler: AnswerHandler, onOver: () => void) {
    this.method = question.method
    this.text = requestHead(question)
    this.#handler = handler
    this.#onOver = onOver
  }

  /** Nobody hears of it any more. */
  get over(): boolean {
    return this.#over
  }

  /** A connection has it; from its opening on, so that it can be given up then. */
  carriedBy(carrier: Carrier): void {
    this.#carrier = carrier
  }

  /** A connection is being opened for it. */
  dials(): void {
    this.#call(() => this.#handler.onDial?.(this.#abort))
  }

  /** False: it is over before anything was sent. */
  begin(): boolean {
    this.#call(() => this.#handler.onConnect(this.#abort))
    return !this.#over
  }

  /** False: no more for now. */
  head(status: number, rawHeaders: Buffer[]): boolean {
    try {
      return this.#handler.onHeaders(status, rawHeaders, this.#resume)
    } catch (error) {
      this.#abort(error as Error)
      return false
    }
  }

  /** False: no more for now. */
  data(chunk: Buffer): boolean {
    try {
      return this.#handler.onData(chunk)
    } catch (error) {
      this.#abort(error as Error)
      return false
    }
  }

  complete(): void {
    if (this.#over) return
    this.#end()
    this.#call(() => this.#handler.onComplete())
  }

  fail(error: Error): void {
    if (this.#over) return
    this.#end()
    this.#handler.onError(error)
  }

  #end(): void {
    this.#over = true
    this.#carrier = null
    this.#onOver()
  }

  readonly #resume = () => this.#carrier?.resume()

  readonly #abort = (reason: Error = new PolycdnError('client_gone', 'nobody wants the answer')): void => {
    this.#carrier?.drop()
    this.fail(reason)
  }

  /** What a handler throws concerns its own exchange, and not whoever else the event loop serves. */
  #call(handler: () => void): void {
    try {
      handler()
    } catch (error) {
      if (this.#over) this.#handler.onError(error as Error)
      else this.#abort(error as Error)
    }
  }
}
