import { matchStrongly, matchWeakly } from './entity-tag.ts'
import { combined, type Fields, single } from './fields.ts'
import { storedFields } from './stored-fields.ts'

/**
 * What a newer head does not change of a stored answer (RFC 9111 section 3.2): its length, and what its content would be
 * read wrong by.
 */
const KEPT: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-range'])

/** The stored fields with those of a 304 or of a HEAD in the place of theirs (RFC 9111 section 3.2). */
export function freshened(stored: Fields, newer: Fields): string[] {
  const updates = storedFields(newer)
  const replaced = new Set<string>()
  for (let i = 0; i < updates.length; i += 2) replaced.add(updates[i]!.toLowerCase())
  for (const name of KEPT) replaced.delete(name)
  const result: string[] = []
  for (let i = 0; i < stored.length; i += 2) {
    if (!replaced.has(stored[i]!.toLowerCase())) result.push(stored[i]!, stored[i + 1]!)
  }
  for (let i = 0; i < updates.length; i += 2) {
    if (!KEPT.has(updates[i]!.toLowerCase())) result.push(updates[i]!, updates[i + 1]!)
  }
  // What was qualified by the newer directives goes too.
  return storedFields(result)
}

/**
 * Whether a 304 speaks of this stored answer (RFC 9111 section 4.3.4): by the validator that it has, a strong one
 * strongly; without one it answers the only question that was asked.
 */
export function isFreshenedBy(stored: Fields, notModified: Fields): boolean {
  const [etag, before] = [single(notModified, 'etag'), single(stored, 'etag')]
  if (etag !== null) return before !== null && (etag.startsWith('W/') ? matchWeakly : matchStrongly)(etag, before)
  const modified = combined(notModified, 'last-modified')
  return modified === null || modified === combined(stored, 'last-modified')
}

/**
 * What a 200 to HEAD says of a stored answer to GET (RFC 9111 section 4.3.5): the same with newer fields, or another,
 * so that the stored one is stale now. Of other status codes nothing follows.
 */
export function afterHead(
  stored: { readonly fields: Fields; readonly size: number | null },
  head: { readonly status: number; readonly fields: Fields },
): 'update' | 'invalidate' | 'nothing' {
  if (head.status !== 200) return 'nothing'
  for (const name of ['etag', 'last-modified']) {
    const value = combined(head.fields, name)
    if (value !== null && value !== combined(stored.fields, name)) return 'invalidate'
  }
  const length = combined(head.fields, 'content-length')
  return length === null || stored.size === null || Number(length) === stored.size ? 'update' : 'invalidate'
}
