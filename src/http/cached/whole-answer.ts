import type { Encoding } from '../../compression/encoding.ts'
import type { AnswerSink } from '../../delivery/client-writer.ts'
import type { Exchange } from '../exchange.ts'
import { type Content, contentOf, WHOLE } from './content-of.ts'
import type { Source } from './pour.ts'
import type { ToldHead } from './served-head.ts'
import { sharedEncoding } from './shared-encoding.ts'
import { wholeHead } from './whole-head.ts'

/** An answer that only has to be written. */
export interface ReadyAnswer {
  readonly writer: AnswerSink
  readonly status: number
  /** A flat list, which may be the next answer's too. */
  readonly headers: string[]
  /** In order; none: it has no content for this request. */
  readonly segments: readonly (Buffer | Source)[]
}

/**
 * The whole of a stored answer, or of one that is coming, in the variant that this client is to get. null: its beginning
 * is gone already.
 */
export function wholeAnswer(exchange: Exchange, content: Content, told: ToldHead): ReadyAnswer | null {
  const { client, writer, admitted } = exchange
  const { status } = content.head
  const prepared = wholeHead(exchange, content.head)
  const encoding = prepared.encodingFor(admitted.facts)
  const isEmpty = admitted.method !== 'GET' || status === 204
  if (encoding !== null && content.body !== null) {
    const encoded = isEmpty ? content.encoded.get(encoding) : encodedContent(exchange, content, encoding)
    if (isEmpty || encoded != null) {
      const length = Buffer.isBuffer(encoded) ? encoded.length : null
      const headers = prepared.encoded(encoding, length, told)
      return { writer: client, status, headers, segments: isEmpty ? [] : [encoded!] }
    }
  }
  const segments = isEmpty ? [] : contentOf(content, WHOLE)
  if (segments === null) return null
  // What is not in memory is compressed for each client by itself.
  if (content.body === null) return { writer, status, headers: prepared.unchosen(told), segments }
  return { writer: client, status, headers: prepared.plain(told), segments }
}

/** null: it cannot be made now, and the client gets what there is. */
function encodedContent({ services }: Exchange, content: Content, encoding: Encoding): Buffer | Source | null {
  const { head, body, encoded } = content
  const kept = encoded.get(encoding)
  if (kept === undefined) return sharedEncoding(services, { key: head.key, body: body! }, encoding)
  services.metrics.compressionReused.child(encoding).inc()
  return kept
}
