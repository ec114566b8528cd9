import type { EntryHead } from '../../cache/entry.ts'
import { ageField, currentAge } from '../../cache/rules/age.ts'
import type { Freshness } from '../../cache/rules/freshness.ts'
import type { Multipart } from '../../cache/rules/multipart.ts'
import type { HeaderEdit } from '../../config/snapshot.ts'
import type { Exchange } from '../exchange.ts'
import { clientHeaders } from '../headers.ts'
import type { Selection } from './selection.ts'

/** What changes from one answer to the next. `age`: seconds; null: it comes straight from an upstream. */
export interface ToldHead {
  readonly age: string | null
  readonly cacheStatus: string
}

/** Age of what is sent now. RFC 9111 section 5.1: with one, an answer is none that was made for this request. */
export function ageOf(freshness: Freshness, now: number, isForThis: boolean): string | null {
  const age = ageField(currentAge(freshness, now))
  return isForThis && age === '0' ? null : age
}

/** RFC 9110 section 15.4.5: what a 304 has besides what the client knows already is of no use. */
const OF_NOT_MODIFIED: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
])

/** The header fields of an answer that is not the whole. `size`: bytes of the representation. */
export function partHeaders(
  exchange: Exchange,
  head: EntryHead,
  { status, parts }: Selection,
  { told, size, multipart }: { told: ToldHead; size: number | null; multipart: Multipart | null },
): string[] {
  const kept = baseHeaders(exchange, head)
  const headers: string[] = []
  for (let i = 0; i < kept.length; i += 2) {
    const name = kept[i]!.toLowerCase()
    const isReplaced = name === 'content-length' || (multipart !== null && name === 'content-type')
    const isUseless = status === 206 ? isReplaced : OF_NOT_MODIFIED.has(name)
    if (!isUseless) headers.push(kept[i]!, kept[i + 1]!)
  }
  if (multipart !== null) {
    headers.push('content-type', multipart.contentType, 'content-length', String(multipart.contentLength))
  } else if (status === 206) {
    const { first, last } = parts![0]!
    headers.push('content-range', `bytes ${first}-${last}/${size}`, 'content-length', String(last - first + 1))
  } else if (status !== 304) headers.push('content-length', '0')
  if (status === 416) headers.push('content-range', `bytes */${size}`)
  if (told.age !== null) headers.push('age', told.age)
  headers.push('cache-status', told.cacheStatus)
  return headers
}

/** What is told of a stored answer to every client: a flat list, without Age and Cache-Status. */
export function baseHeaders({ admitted, proofs }: Pick<Exchange, 'admitted' | 'proofs'>, head: EntryHead): string[] {
  const { generation, site, route } = admitted
  const cdn = head.cdn === null ? null : generation.snapshot.cdns.find(({ name }) => name === head.cdn)
  const own: HeaderEdit | null =
    cdn?.headers.response ?? (head.cdn === null ? site.origin?.headers.response : null) ?? null
  const headers = clientHeaders(head.fields, [own, route.policy.headers.response], proofs.fields)
  const hasLength = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-length')
  if (!hasLength && head.size !== null && head.status !== 204) headers.push('content-length', String(head.size))
  return headers
}
