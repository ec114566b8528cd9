import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Deadline } from './deadlines.ts'
import type { Timers } from './timers.ts'

/** Where bytes wait until the other side takes them. */
export interface Outlet {
  readonly waiting: boolean
  /** Changes when the other side has taken something. */
  readonly taken: number
}

export interface SendWatchOptions {
  readonly timers: Timers
  /** Milliseconds. */
  readonly timeout: number
  readonly onStall: () => void
}

/** Looks in so many parts of the timeout, so that a stall is noticed one part late at most. */
const LOOKS = 4

/**
 * Notices an other side that takes nothing of what waits for it. It looks only from `wait` on and only while something
 * waits, so a reader that keeps up costs nothing, and one that does not a few looks a timeout, whatever is written.
 */
export class SendWatch {
  readonly #outlet: Outlet
  readonly #options: SendWatchOptions
  #deadline: Deadline | null = null
  #taken = 0
  #idleLooks = 0

  constructor(outlet: Outlet, options: SendWatchOptions) {
    this.#outlet = outlet
    this.#options = options
  }

  /** Something waits. */
  wait(): void {
    if (this.#deadline !== null) return
    this.#taken = this.#outlet.taken
    this.#idleLooks = 0
    this.#lookLater()
  }

  stop(): void {
    this.#deadline?.cancel()
    this.#deadline = null
  }

  #lookLater(): void {
    const { timers, timeout } = this.#options
    this.#deadline = timers.after(timeout / LOOKS, () => this.#look())
  }

  #look(): void {
    this.#deadline = null
    const { waiting, taken } = this.#outlet
    if (!waiting) return
    this.#idleLooks = taken === this.#taken ? this.#idleLooks + 1 : 0
    this.#taken = taken
    if (this.#idleLooks < LOOKS) this.#lookLater()
    else this.#options.onStall()
  }
}

/** What libuv knows of a connection: bytes that were handed to it, and those of them that the kernel has not taken. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
}

/** A connection. The public counters move with whole writes only, of which a slow reader may need minutes for one. */
export function socketOutlet(socket: Socket): Outlet {
  return {
    get waiting() {
      return !socket.destroyed && socket.writableLength > 0
    },
    get taken() {
      const { _handle: handle } = socket as unknown as { readonly _handle: Handle | null }
      return (handle?.bytesWritten ?? 0) - (handle?.writeQueueSize ?? 0)
    },
  }
}

/**
 * Whether the kernel has taken all that was written to a connection. Node itself says so a turn later, and most answers
 * would be watched for nothing. Of TLS nobody knows: what is encrypted waits elsewhere.
 */
export function isTaken(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { readonly _handle: Handle | null }
  return !('encrypted' in socket) && handle?.writeQueueSize === 0
}

/** A stream of an HTTP/2 connection, whose other streams may move while this one does not. */
export function streamOutlet(stream: ServerHttp2Stream, written: () => number): Outlet {
  return {
    get waiting() {
      return !stream.destroyed && stream.writableLength > 0
    },
    get taken() {
      return written() - stream.writableLength
    },
  }
}
