import type { Manifest } from './manifest.ts'
import { openManifest } from './open-manifest.ts'
import { isManifestRefusal } from './refusal.ts'
import type { ManifestShelf } from './shelf.ts'

/** What one process accepted, on its way to another that serves. Bytes are manifests in their envelopes. */
export interface ManifestShipment {
  readonly site: string
  readonly publicKey: string
  /** null: the site has none. */
  readonly current: Uint8Array | null
  readonly previous: Uint8Array | null
  /** Milliseconds since 1970. */
  readonly previousUntil: number
}

/** Takes over what another process accepted. It is read as any, and no judgement is made again: all serve the same. */
export function shelve(shelf: ManifestShelf, { site, publicKey, previousUntil, ...bytes }: ManifestShipment): void {
  const open = (sealed: Uint8Array | null): Manifest | null => {
    const opened = sealed === null ? null : openManifest(sealed, publicKey)
    return opened === null || isManifestRefusal(opened) ? null : opened
  }
  const current = open(bytes.current)
  if (current === null) return shelf.remove(site)
  shelf.put(current, open(bytes.previous), previousUntil)
}
