import { Socket } from 'node:net'
import type { Endpoint } from '../config/snapshot.ts'
import type { Attempt } from '../delivery/attempt.ts'
import type { Timers } from '../delivery/timers.ts'
import { type ErrorCode, PolycdnError } from '../errors.ts'
import type { Admitted } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import { ask, dial, isCut } from './tunnel-dial.ts'

/**
 * Sends `OPTIONS *` (RFC 9110 section 9.3.7), which undici has no way to say, over a connection of its own. The
 * Attempt hears what it would hear from undici. Content, which this request has no use for, stays here.
 */
export function dispatchAsterisk(admitted: Admitted, endpoint: Endpoint, attempt: Attempt, timers: Timers): void {
  const fail = (code: ErrorCode) => attempt.onError(new PolycdnError(code, 'the upstream failed'))
  const timeout = admitted.route.policy.retry.connectTimeout
  dial({ endpoint, host: admitted.host.name, timeout }, timers, (result) => {
    if (!(result instanceof Socket)) return fail(result)
    const abort = () => void result.destroy()
    attempt.onConnect(abort)
    if (result.destroyed) return
    const question = { method: 'OPTIONS', path: '*', headers: upstreamHeaders(admitted, endpoint, 'answer') } as const
    ask(result, question, (reply) => {
      if (reply.kind === 'failed') return fail(reply.code)
      if (reply.kind === 'switched') {
        abort()
        return fail('http_protocol_error')
      }
      const { head } = reply
      const rawHeaders = head.rawHeaders.map((text) => Buffer.from(text, 'latin1'))
      head.on('data', (chunk: Buffer) => {
        if (!attempt.onData(chunk)) head.pause()
      })
      head.on('end', () => (isCut(head) ? fail('http_response_incomplete') : attempt.onComplete()))
      head.on('error', () => fail('http_response_incomplete'))
      attempt.onHeaders(head.statusCode!, rawHeaders, () => head.resume())
    })
  })
}
