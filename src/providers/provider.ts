/** What planning needs to know of an endpoint. */
export interface HttpTarget {
  readonly basePath: string
  /** Contains `{path}` or `{ref}` exactly once. */
  readonly pathTemplate: string
}

/** Knowledge of a kind of network. */
export interface Provider {
  /** Whether its bytes are believed without proof when the configuration does not say. */
  readonly trustByDefault: boolean
  /**
   * What proves its bytes: the content address in the configuration, or, as those of any HTTP server, the signed manifest
   * of the site.
   */
  readonly proof: 'ipfs' | 'arweave' | 'manifest'
  /** What path_template is without being told; null: there is none that could be right. */
  readonly pathTemplate: string | null
  /** What the operator has to say, for whom there is no default. */
  readonly needs?: string
  /** What an active check asks for where the configuration names no path; null: nothing, so there is no check. */
  readonly probe: string | null
  /** What the body of the answer to `probe` hashes to, lower-case hexadecimal. Absent: a status is enough. */
  readonly probeSha256?: string
  /** The request target at an endpoint for the client's target. */
  readonly plan: (endpoint: HttpTarget, target: string, reference: string | null) => string
}

/** A network that is asked as any HTTP server: what differs is data. */
export type Preset = Pick<Provider, 'pathTemplate' | 'probe' | 'needs'>
