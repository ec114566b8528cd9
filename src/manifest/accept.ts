import type { Manifest } from './manifest.ts'
import { type ManifestRefusal, refuseManifest } from './refusal.ts'

/** The one that was accepted last, now or before a restart. */
export type Accepted = Pick<Manifest, 'sequence' | 'id'>

/**
 * Whether a manifest that is signed by the right key may take the place of the current one: `accepted`, `unchanged`, or
 * why not. An older one is refused even where nothing newer is in use any more: it would bring back what was replaced.
 */
export function accept(
  candidate: Manifest,
  { site, current, now }: { readonly site: string; readonly current: Accepted | null; readonly now: number },
): 'accepted' | 'unchanged' | ManifestRefusal {
  if (candidate.site !== site) return refuseManifest('other-site', `is that of the site ${candidate.site}`)
  if (candidate.expires <= now) {
    return refuseManifest('expired', `ended at ${new Date(candidate.expires).toISOString()}`)
  }
  if (current === null || candidate.sequence > current.sequence) return 'accepted'
  const { sequence } = candidate
  if (sequence < current.sequence) {
    return refuseManifest('lower-sequence', `has the sequence ${sequence}, after ${current.sequence}`)
  }
  if (candidate.id !== current.id) {
    return refuseManifest('same-sequence', `differs from the one before, and has its sequence ${sequence}`)
  }
  return 'unchanged'
}
