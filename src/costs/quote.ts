/**
 * What a Cdn's next GB costs now. Plain data: the process that owns the Ledger tells the others.
 */
export interface Quote {
  /** `open`: a commit pays for what comes now. `reached`: it does not, until the next sample or month. */
  readonly commit: 'none' | 'open' | 'reached'
  /** As much as `max_mbps` is running already. */
  readonly full: boolean
  /** A GB, requests included, by continent; `default` for the others. 0 while a commit pays. */
  readonly prices: Readonly<Record<string, number>>
  /** Among equal prices the lower one goes first: what is lost if it is not used now. */
  readonly order: number
}

/** Of a Cdn of which no price and no limit is known. */
export const UNPRICED: Quote = Object.freeze({ commit: 'none', full: false, prices: { default: 0 }, order: 0 })

/** The price of a GB for a client, or a gateway, on that continent. */
export function priceAt({ prices }: Quote, continent: string | null): number {
  return (continent === null ? undefined : prices[continent]) ?? prices.default!
}
