import { type ContentPath, parseContentPath } from './content-path.ts'

const PREFIX = 'dnslink='
const MAX_RECORDS = 64

/**
 * What the TXT records of `_dnslink.{host}` point to (https://dnslink.dev), each as its strings joined; null where none
 * is a link. Of several the first in the order of their bytes counts, whatever the order of the answer.
 */
export function parseDnslink(records: readonly string[]): ContentPath | null {
  const links = records.slice(0, MAX_RECORDS).filter((text) => text.startsWith(PREFIX))
  for (const link of links.sort()) {
    try {
      return parseContentPath(link.slice(PREFIX.length).trim())
    } catch {}
  }
  return null
}
