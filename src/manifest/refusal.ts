/** Why a manifest is not believed. */
export type ManifestFault =
  | 'malformed'
  | 'too-large'
  /** Signed by somebody else than the key that is pinned. */
  | 'other-key'
  | 'bad-signature'
  | 'other-site'
  | 'expired'
  /** Older than one that was accepted already. */
  | 'lower-sequence'
  /** Its sequence is that of another one that was accepted. */
  | 'same-sequence'

/** `message` is for people, and ends a sentence that begins with the name of the manifest. */
export interface ManifestRefusal {
  readonly fault: ManifestFault
  readonly message: string
}

export function refuseManifest(fault: ManifestFault, message: string): ManifestRefusal {
  return { fault, message }
}

export function isManifestRefusal(value: object): value is ManifestRefusal {
  return 'fault' in value
}
