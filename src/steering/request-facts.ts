import type { Address } from '../geo/address.ts'
import type { Place } from '../geo/place.ts'

/** What of a request a Route and a Decision may look at: it is normalised, and the client stands behind trusted proxies. */
export interface RequestFacts {
  readonly method: string
  /** The normalised path, without the query. */
  readonly path: string
  readonly client: Address
  readonly place: Place
  /** The Cdn that an operator wants to hear, whatever the policy would choose. */
  readonly forced: string | null
  /** A field's value, by its lower-case name, several lines joined; null where it is missing. */
  header(name: string): string | null
}
