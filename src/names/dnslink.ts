import { type ContentPath, parseContentPath } from '../providers/index.ts'
import type { TxtAnswer } from './dns-message.ts'

export interface Dnslink {
  /** Null: the name has none. */
  readonly link: ContentPath | null
  /** Seconds. */
  readonly ttl: number
}

const PREFIX = 'dnslink='

/**
 * Where a name has it: https://dnslink.dev says `_dnslink.{name}` first, then the name itself. That one is looked at only
 * when the first is known to have nothing: a name server that fails must not change what a site is.
 */
export async function lookUpDnslink(name: string, txt: (name: string) => Promise<TxtAnswer>): Promise<Dnslink> {
  const proper = await txt(`_dnslink.${name}`)
  const link = linkIn(proper.texts)
  if (link !== null) return { link, ttl: proper.ttl }
  const older = await txt(name)
  return { link: linkIn(older.texts), ttl: Math.min(proper.ttl, older.ttl) }
}

/** The first in the order of the alphabet: records have no order of their own, and every process is to choose the same. */
function linkIn(texts: readonly string[]): ContentPath | null {
  for (const text of [...texts].sort()) {
    const link = text.startsWith(PREFIX) ? parseContentPath(text.slice(PREFIX.length)) : null
    if (link !== null) return link
  }
  return null
}
