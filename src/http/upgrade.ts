import type { IncomingMessage } from 'node:http'
import { headerText } from './admit.ts'

/** HTTP itself and TLS are spoken between neighbours: behind a 101 they would hide requests from us (smuggling). */
const NOT_TUNNELLED = /^(?:h2c?|http|tls)(?:\/|$)/i
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/i
const MAX_PROTOCOLS = 8

/**
 * The protocols of a request's Upgrade that may be tunnelled, in the client's order. Empty: the request is to be
 * answered as if it had no Upgrade, which RFC 9110 section 7.8 allows for any and demands for HTTP/1.0.
 */
export function tunnelProtocols(raw: IncomingMessage): string[] {
  if (raw.httpVersion === '1.0') return []
  return protocolsOf(raw).filter((protocol) => !NOT_TUNNELLED.test(protocol))
}

/** Whether an upstream switched to what it was asked for. */
export function isAnswerTo(answer: IncomingMessage, asked: readonly string[]): boolean {
  const names = asked.map((protocol) => protocol.toLowerCase())
  const given = protocolsOf(answer)
  return given.length > 0 && given.every((protocol) => names.includes(protocol.toLowerCase()))
}

function protocolsOf(message: IncomingMessage): string[] {
  const listed = (headerText(message, 'upgrade') ?? '').split(',').map((protocol) => protocol.trim())
  return listed.filter((protocol) => PROTOCOL.test(protocol)).slice(0, MAX_PROTOCOLS)
}
