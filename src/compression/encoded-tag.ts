import { isEntityTag, listedTags } from '../cache/rules/entity-tag.ts'
import type { Encoding } from './encoding.ts'

/** More tags than that are passed on as they came: what is added would be longer than any field should be. */
const MOST_TAGS = 32

/**
 * The entity tag of the encoded variant; null: there is none. RFC 9110 section 8.8.3.3: variants of different codings
 * have different strong tags. A weak one says that contents mean the same, which they do.
 */
export function encodedTag(etag: string, encoding: Encoding): string | null {
  if (!isEntityTag(etag)) return null
  return etag.startsWith('W/') ? etag : `${etag.slice(0, -1)}-${encoding}"`
}

/**
 * If-Match or If-None-Match as an upstream understands it: beside each tag of a variant that we made stands the one that
 * it was made of. Its own tags may end like ours, so all that came stays.
 *
 * @param encodings whose tags count
 */
export function withUpstreamTags(value: string, encodings: readonly Encoding[]): string {
  const listed = listedTags(value)
  if (listed.length > MOST_TAGS) return value
  const known = new Set(listed)
  const added: string[] = []
  for (const tag of listed) {
    const upstream = upstreamTag(tag, encodings)
    if (upstream === null || known.has(upstream)) continue
    known.add(upstream)
    added.push(upstream)
  }
  return added.length === 0 ? value : `${value}, ${added.join(', ')}`
}

/** Some caches weaken a tag on its way; the one that it was made of was strong. */
function upstreamTag(tag: string, encodings: readonly Encoding[]): string | null {
  for (const encoding of encodings) {
    if (tag.endsWith(`-${encoding}"`)) return `${tag.slice(0, -encoding.length - 2)}"`
  }
  return null
}

/**
 * The tag that a 304 has for this client: of the encoded variant where it has that, else the upstream's own.
 *
 * @param ifNoneMatch what the client has
 */
export function notModifiedTag(etag: string, ifNoneMatch: string | null, encoding: Encoding): string {
  const tag = encodedTag(etag, encoding)
  if (ifNoneMatch === null || tag === null || tag === etag) return etag
  const has = listedTags(ifNoneMatch).some((listed) => listed === tag || listed === `W/${tag}`)
  return has ? tag : etag
}
