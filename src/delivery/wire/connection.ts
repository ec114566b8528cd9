import type { OnReadOpts, Socket } from 'node:net'
import { PolycdnError } from '../../errors.ts'
import { Answer } from './answer.ts'
import type { Carrier, Exchange } from './exchange.ts'
import { ReadBuffers } from './read-buffers.ts'

/** Who has connections hears of what becomes of them. */
export interface ConnectionOwner {
  /** It may be used again, for so many milliseconds. */
  onFree(connection: Connection, idle: number): void
  /** The connection was left before it had the request: another may have more luck. */
  onStale(exchange: Exchange): void
  /** Nothing more is heard of it. */
  onClose(connection: Connection): void
}

/** Opens a socket; `done` is called once, with what went wrong or null. */
export type Open = (onread: OnReadOpts, done: (error: Error | null) => void) => Socket

/**
 * One connection, for one exchange at a time: nothing is pipelined. Whatever comes when nothing was asked, or behind the
 * end of an answer, ends it.
 */
export class Connection implements Carrier {
  /** On the clock of its owner: when it is not to be used any more. */
  idleUntil = 0
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #buffers = new ReadBuffers()
  #exchange: Exchange | null
  #answer: Answer | null = null
  #reused = false
  /** Something of the answer has come. */
  #heard = false
  #paused = false
  #ended = false
  /** What came while the handler wanted nothing: no more than was on its way already. */
  #pending: Buffer[] = []

  /** @param exchange what it is opened for */
  constructor(owner: ConnectionOwner, open: Open, exchange: Exchange) {
    this.#owner = owner
    this.#exchange = exchange
    const onread = {
      buffer: () => this.#nextBuffer(),
      callback: (length: number, buffer: Uint8Array) => this.#onRead(this.#buffers.taken(buffer as Buffer, length)),
    }
    this.#socket = open(onread, (error) => (error === null ? this.#send() : this.destroy(error)))
    this.#socket
      .on('error', (error) => this.#lose(error))
      .on('end', () => this.#onEnd())
      .on('close', () => this.#onClose())
    exchange.carriedBy(this)
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#exchange === null
  }

  /** Takes the next exchange. */
  carry(exchange: Exchange): void {
    this.#reused = true
    this.#exchange = exchange
    exchange.carriedBy(this)
    this.#socket.ref()
    this.#send()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    while (this.#pending.length > 0 && !this.#paused) this.#take(this.#pending.shift()!)
    if (this.#paused) return
    if (this.#answer?.complete === true) this.#complete(true)
    else if (this.#answer !== null && this.#ended) this.#finish()
    // Also where it waits for its next request: else nobody would see its end.
    if (!this.#socket.destroyed) this.#socket.resume()
  }

  drop(): void {
    this.#exchange = null
    this.#answer = null
    this.#socket.destroy()
  }

  /** Ends at once; what runs hears why. */
  destroy(error: Error = new PolycdnError('connection_terminated', 'the connection was given up')): void {
    const exchange = this.#exchange
    this.drop()
    exchange?.fail(error)
  }

  #send(): void {
    const exchange = this.#exchange
    if (exchange === null) return this.drop()
    this.#heard = false
    this.#answer = new Answer(exchange)
    if (exchange.begin() && this.#exchange === exchange) this.#socket.write(exchange.text, 'latin1')
  }

  #nextBuffer(): Buffer {
    const left = this.#answer === null ? null : this.#answer.left
    return left === null ? this.#buffers.shared() : this.#buffers.next(left)
  }

  /** False: no more for now. */
  #onRead(bytes: Buffer): boolean {
    this.#heard = true
    if (this.#paused) this.#pending.push(ReadBuffers.kept(bytes, 0, bytes.length))
    else this.#take(bytes)
    return !this.#paused
  }

  #take(bytes: Buffer): void {
    const answer = this.#answer
    // RFC 9112 section 9.2: what nobody asked for is the answer to nothing.
    if (answer === null) return this.drop()
    let at = 0
    while (at < bytes.length && !answer.complete && !this.#paused) {
      try {
        at = answer.read(bytes, at)
      } catch (error) {
        return this.destroy(error as Error)
      }
      if (this.#answer !== answer) return
      this.#paused = answer.paused
    }
    if (answer.complete && !this.#paused) this.#complete(at === bytes.length && this.#pending.length === 0)
    else if (at < bytes.length) this.#pending.unshift(ReadBuffers.kept(bytes, at, bytes.length))
  }

  /** @param clean nothing came behind the end of the answer */
  #complete(clean: boolean): void {
    const exchange = this.#exchange!
    const { idle } = this.#answer!
    const socket = this.#socket
    const mayStay = clean && idle > 0 && !this.#ended && !socket.destroyed && socket.writableLength === 0
    this.#exchange = null
    this.#answer = null
    this.#pending = []
    if (mayStay) this.#wait(idle)
    else socket.destroy()
    exchange.complete()
  }

  /** What comes uninvited right behind an answer shall come before the next request does. */
  #wait(idle: number): void {
    this.#socket.unref()
    setImmediate(() => {
      if (this.usable) this.#owner.onFree(this, idle)
    })
  }

  #onEnd(): void {
    this.#ended = true
    if (this.#exchange === null) this.drop()
    // Of an end within a TLS handshake whoever opens the connection tells.
    else if (this.#answer !== null && !this.#paused) this.#finish()
  }

  /** RFC 9112 section 8: whether the end of the connection is the end of the answer. */
  #finish(): void {
    const error = this.#answer!.end()
    if (error === null) this.#complete(true)
    else this.#lose(error)
  }

  #onClose(): void {
    // The rest of what came before the end is still to be taken.
    if (!this.#ended) this.#lose(new PolycdnError('connection_terminated', 'the connection was closed'))
    this.#owner.onClose(this)
  }

  /** RFC 9112 section 9.3.1: a connection may be closed while a request is on its way to it, and that is nobody's fault. */
  #lose(error: Error): void {
    const exchange = this.#exchange
    if (this.#answer?.complete === true) {
      // Nothing is missing; the handler has only not asked for the end yet.
      this.#ended = true
      return
    }
    if (exchange === null || !this.#reused || this.#heard) return this.destroy(error)
    this.drop()
    this.#owner.onStale(exchange)
  }
}
