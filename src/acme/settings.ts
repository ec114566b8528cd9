/** Whose certificates are ordered where. Part of the Snapshot; equal settings, equal work. */
export interface AcmeSettings {
  /** Where the authority writes about expiry and trouble. */
  readonly email: string
  /** The URL of the directory (RFC 8555 section 7.1.1). */
  readonly directory: string
  /** Exact host names, sorted, once each. */
  readonly names: readonly string[]
  /** Where keys and certificates of this directory are, an absolute path. Gateways may share it. */
  readonly folder: string
}
