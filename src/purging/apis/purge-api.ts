/** A URL, or what URLs begin with, as a Cdn knows it. */
export interface CdnAddress {
  /** `http` or `https`: how the gateway asks the Cdn. */
  readonly scheme: string
  /** A name without a port; of all of a Site it may be a pattern, `*.example.com` or `*`. */
  readonly host: string
  /** Encoded. Begins with a slash. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  /** What was asked for, as the report names it. */
  readonly asked: string
}

/** What one Cdn has to forget. */
export interface PurgeOrder {
  /** A UUID: of equal calls of one order the Cdn does the work once. */
  readonly id: string
  readonly urls: readonly CdnAddress[]
  readonly prefixes: readonly CdnAddress[]
  readonly tags: readonly string[]
  /** All of a Site: what its URLs begin with. Empty: not all of it. */
  readonly roots: readonly CdnAddress[]
  /** What is stored is stale from now on, and may still be revalidated or served on errors. */
  readonly soft: boolean
  /** Other Sites are at this Cdn too. */
  readonly shared: boolean
}

/** A request to the API of a Cdn, without what proves who asks. */
export interface ApiCall {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** What a call purges, as the report names it. */
export interface PurgeCall extends ApiCall {
  readonly asked: readonly string[]
}

export interface NotPurged {
  readonly asked: string
  readonly reason: string
}

export interface PurgePlan {
  readonly calls: readonly PurgeCall[]
  /** What this Cdn cannot do, or may not without `widen`. */
  readonly unsupported: readonly NotPurged[]
  /** What more is purged than was asked for. */
  readonly widened: readonly string[]
}

export interface ApiAnswer {
  readonly status: number
  header(name: string): string | null
  /** The beginning of it where it is long. */
  readonly body: string
}

/** What an answer means. A reason names nothing that the answer repeats of the request. */
export type Meaning =
  | { readonly kind: 'done' }
  /** The Cdn has begun, and tells at `progress` whether it has ended. */
  | { readonly kind: 'accepted'; readonly progress: ApiCall }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** What proves who asks, where it has to be fetched first. */
export interface Login {
  /** @param now milliseconds since the epoch */
  call(now: number): ApiCall
  /** The token and for how many milliseconds it is good, or why there is none. */
  read(answer: ApiAnswer): { readonly token: string; readonly lifetime: number } | Meaning
}

/** How one kind of Cdn is purged. It keeps its secrets to itself: nothing that prints a Snapshot can print them. */
export interface PurgeApi {
  readonly login: Login | null
  plan(order: PurgeOrder): PurgePlan
  /**
   * The header fields that prove who asks.
   *
   * @param at when it is sent, milliseconds since the epoch; and what `login` gave, or ''
   */
  authorise(call: ApiCall, at: { readonly now: number; readonly token: string }): Readonly<Record<string, string>>
  classify(answer: ApiAnswer, call: ApiCall): Meaning
}
