import { Body } from '../../cache/body.ts'
import type { Cache } from '../../cache/cache.ts'
import { Coming } from '../../cache/coming.ts'
import type { EntryHead } from '../../cache/entry.ts'
import { combined } from '../../cache/rules/fields.ts'
import { editionOf, objectKey, PIECE } from '../../cache/rules/pieces.ts'
import { type Answer, entryHead } from './entry-head.ts'
import { sharedRequest } from './keyed-request.ts'
import type { PieceAsking } from './pieces-answer.ts'

/**
 * The whole of an object has come, and is too large to be stored as one: whoever asks for it next has it in pieces, which
 * all who want it share. Unless it has no edition, or its upstreams are known to send no parts.
 */
export function keepInPieces({ exchange, asked, caching }: PieceAsking, answer: Answer): void {
  const { cache } = exchange.services
  const head = entryHead(sharedRequest(exchange.admitted, asked), asked, answer, caching.rules)
  if (answer.status !== 200 || head.size === null || editionOf(head.fields, head.size) === null) return
  if (cache.largest < PIECE || cache.isMarked(objectKey(asked.key))) return
  if (combined(answer.fields, 'accept-ranges')?.toLowerCase() === 'none') return
  storeObject(cache, { ...head, key: objectKey(asked.key), parts: [] })
}

/** What is known of an object besides its pieces. */
export function storeObject(cache: Cache, head: EntryHead): void {
  const none = new Body()
  none.end()
  void cache.store(new Coming(head, none, 0, () => {}), PIECE)
}
