import type { Address } from '../geo/address.ts'

/** What is signed: a URL in its parts, cleaned by `linkOf`. */
export interface Link {
  /** `https://host[:port]`: where the network is asked. */
  readonly origin: string
  readonly path: string
  /** Without its `?`, and without parameters that the network reads as parts of a signature. */
  readonly query: string
  /** Seconds since 1970: when it ends, and the beginning of the slot of time in which it was made. */
  readonly expires: number
  readonly from: number
  /** The one client that may use it; null: everybody. */
  readonly client: Address | null
}

/** What a link opens: one URL, or everything in its folder and below. */
export type Scope = 'url' | 'directory'

/** Makes links that one network believes. It keeps the key to itself: nothing that prints a Snapshot can print it. */
export interface Signer {
  /** A link lives at least this long. Milliseconds. */
  readonly ttl: number
  /** Links made within it end at the same moment, so that they are equal. Milliseconds, a whole number of seconds. */
  readonly slot: number
  /** Query parameters that the network reads. What a client sends under these names is dropped. */
  readonly reserved: ReadonlySet<string>
  /** Families of addresses that a link is bound to; empty: it is bound to nobody. */
  readonly binds: readonly (4 | 6)[]
  /** The whole URL. */
  readonly sign: (link: Link) => string
}
