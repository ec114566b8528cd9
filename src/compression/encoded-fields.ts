import { type Fields, linesOf, single } from '../cache/rules/fields.ts'
import { members } from '../cache/rules/list.ts'
import { encodedTag } from './encoded-tag.ts'
import type { Encoding } from './encoding.ts'

/**
 * What is true of the bytes that came and not of those that go: their length and their parts (RFC 9110 sections 8.6 and
 * 14.3), and digests, which RFC 9530 section 2 and 3 computes with the coding applied. RFC 3230 and RFC 1864 did so too.
 */
const OF_OTHER_BYTES = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'etag',
  'repr-digest',
])

/** The header fields of an answer's encoded variant, Vary included: a flat list. */
export function encodedFields(fields: Fields, encoding: Encoding): string[] {
  const encoded: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!OF_OTHER_BYTES.has(fields[i]!.toLowerCase())) encoded.push(fields[i]!, fields[i + 1]!)
  }
  const etag = single(fields, 'etag')
  const tag = etag === null ? null : encodedTag(etag, encoding)
  if (tag !== null) encoded.push('etag', tag)
  encoded.push('content-encoding', encoding)
  return variedFields(encoded)
}

/** RFC 9110 section 12.5.5: also the variant without a coding was chosen by Accept-Encoding. */
export function variedFields(fields: Fields): string[] {
  const varies = linesOf(fields, 'vary').flatMap((line) => members(line.toLowerCase()))
  const varied = [...fields]
  if (!varies.includes('*') && !varies.includes('accept-encoding')) varied.push('vary', 'Accept-Encoding')
  return varied
}
