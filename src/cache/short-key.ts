import { createHash } from 'node:crypto'

/** Characters. */
const LONGEST = 256

/**
 * What a key is remembered by where very many are: keys are as long as URLs, which clients choose. No short key is a
 * digest: all have a line feed.
 */
export function shortKey(key: string): string {
  return key.length <= LONGEST ? key : createHash('sha256').update(key).digest('base64')
}
