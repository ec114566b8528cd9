import { type Quote, UNPRICED } from './quote.ts'

/** The quotes of all Cdns that have a price or a limit, as the owner of the Ledger sends them to other processes. */
export type QuoteList = readonly (readonly [cdn: string, quote: Quote])[]

/** Who can say what the next GB of a Cdn costs. */
export interface QuoteSource {
  quote(cdn: string): Quote
}

/** What a process knows of prices that does not own the Ledger: what it was told last. */
export class ToldQuotes implements QuoteSource {
  #told = new Map<string, Quote>()

  apply(quotes: QuoteList): void {
    this.#told = new Map(quotes)
  }

  quote(cdn: string): Quote {
    return this.#told.get(cdn) ?? UNPRICED
  }
}

/** Where nothing has a price. */
export const NO_QUOTES: QuoteSource = { quote: () => UNPRICED }
