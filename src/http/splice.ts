import type { Socket } from 'node:net'
import { resetSocket } from '../delivery/reset-socket.ts'
import { SendWatch, socketOutlet } from '../delivery/send-watch.ts'
import type { Timers } from '../delivery/timers.ts'
import { IdleWatch } from './idle-watch.ts'

export interface SpliceOptions {
  readonly timers: Timers
  /** Milliseconds of silence after one side has ended; before that silence is part of many protocols. */
  readonly halfClosedIdle: number
  /** Milliseconds that either side may take nothing of what waits for it. */
  readonly sendTimeout: number
  /** Both sockets are closed. */
  onEnd(): void
}

/** Every so many milliseconds of silence TCP asks whether the other side is still there. */
const KEEP_ALIVE = 60_000

/**
 * Two sockets, each the other's other end. What one side does not take is not read from the other; FIN is handed on as
 * FIN, so that a protocol may end one direction at a time, and a death as a death.
 */
export class Splice {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #options: SpliceOptions
  #idle: IdleWatch | null = null
  #open = 2
  #closing = false
  /** Bytes handed to the client. */
  bytes = 0

  constructor(client: Socket, upstream: Socket, options: SpliceOptions) {
    this.#client = client
    this.#upstream = upstream
    this.#options = options
    for (const socket of [client, upstream]) socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE)
    upstream.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
    })
    this.#pipe(client, upstream)
    this.#pipe(upstream, client)
  }

  /** Ends both sides: with FIN, and at once where the other side would have to read first. */
  close(): void {
    this.#closing = true
    for (const socket of [this.#client, this.#upstream]) {
      if (socket.writableLength === 0) socket.destroySoon()
      else socket.destroy()
    }
  }

  #pipe(from: Socket, to: Socket): void {
    const { timers, sendTimeout: timeout } = this.#options
    const watch = new SendWatch(socketOutlet(to), { timers, timeout, onStall: () => resetSocket(to) })
    to.once('close', () => watch.stop())
    from.on('data', (chunk: Buffer) => {
      this.#idle?.touch()
      if (to.write(chunk)) return
      from.pause()
      watch.wait()
    })
    to.on('drain', () => {
      this.#idle?.touch()
      from.resume()
    })
    from.on('end', () => {
      to.end()
      watch.wait()
      this.#idle ??= new IdleWatch(this.#options.timers, this.#options.halfClosedIdle, () => this.close())
    })
    from.on('close', () => this.#onClose(from, to))
    if (from.closed) this.#onClose(from, to)
    else from.resume()
  }

  #onClose(from: Socket, to: Socket): void {
    const clean = from.readableEnded && from.writableFinished
    if (!clean && !this.#closing) resetSocket(to)
    if (--this.#open > 0) return
    this.#idle?.stop()
    this.#options.onEnd()
  }
}
