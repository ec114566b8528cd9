import type { IncomingMessage } from 'node:http'
import type { Timers } from '../delivery/timers.ts'
import type { ResponseWriter } from '../delivery/writer.ts'
import type { ErrorCode } from '../errors.ts'
import { IdleWatch } from './idle-watch.ts'
import { isCut } from './tunnel-dial.ts'

export interface RelayOptions {
  readonly timers: Timers
  /** Milliseconds between two pieces of the body. */
  readonly bodyIdle: number
  /** null: the answer is complete. `client_gone`, or why it was visibly cut. Called once. */
  onEnd(error: ErrorCode | null): void
}

/** Hands the body of an answer on to a client, with backpressure; its head is the caller's. */
export function relayBody(answer: IncomingMessage, writer: ResponseWriter, options: RelayOptions): void {
  let over = false
  const end = (error: ErrorCode | null) => {
    if (over) return
    over = true
    idle.stop()
    if (error === null) writer.end()
    else answer.destroy()
    if (error !== null && error !== 'client_gone') writer.abort()
    options.onEnd(error)
  }
  const idle = new IdleWatch(options.timers, options.bodyIdle, () => {
    // A slow client is not the upstream's silence.
    if (answer.isPaused()) idle.again()
    else end('http_response_timeout')
  })
  const resume = () => {
    idle.touch()
    answer.resume()
  }
  writer.flush()
  writer.watch(resume, () => end('client_gone'))
  answer.on('data', (chunk: Buffer) => {
    idle.touch()
    if (!writer.write(chunk)) answer.pause()
  })
  answer.on('end', () => end(isCut(answer) ? 'http_response_incomplete' : null))
  answer.on('error', () => end('http_response_incomplete'))
  answer.on('close', () => end('http_response_incomplete'))
}
