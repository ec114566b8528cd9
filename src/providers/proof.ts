/** Why bytes could not be had from one endpoint, or could not be believed. */
export type ProofFault =
  /** They contradict the content address, the Merkle proof or the signed manifest: the endpoint lies or is broken. */
  | 'corrupt'
  /** They match what was published before: true once, and not any more. */
  | 'outdated'
  /** It does not offer what was asked for in a form that can be proved, or its answer is none: an HTML page, say. */
  | 'unproved'
  /** Its operator does not serve this: 410, 451. */
  | 'blocked'
  /** We do not serve this, whoever has it. */
  | 'denied'
  /** Its own word that it has no such thing, which proves nothing. */
  | 'not-found'
  /** Beyond a bound of ours: a block, a depth, a name. Another endpoint would not do better, but may. */
  | 'too-large'
  /** The body ends early. */
  | 'incomplete'

/** Thrown by whoever verifies, and caught by the attempt that it ends. `message` names no client data. */
export class ProofError extends Error {
  readonly fault: ProofFault

  constructor(fault: ProofFault, message: string) {
    super(message)
    this.name = 'ProofError'
    this.fault = fault
  }
}

/** An endpoint answered with a status that says nothing about the content: 429, 502 and the like. */
export class UpstreamStatus extends Error {
  readonly status: number
  /** The Retry-After field as it came; null where there is none (RFC 9110 section 10.2.3). */
  readonly retryAfter: string | null

  constructor(status: number, retryAfter: string | null) {
    super(`status ${status}`)
    this.name = 'UpstreamStatus'
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** One GET to an endpoint of a network. `path` is the request target in origin form, below the endpoint's base path. */
export interface Ask {
  readonly path: string
  readonly accept?: string
  /** `bytes=first-last`, as the field is sent. */
  readonly range?: string
}

/**
 * What came back. Whoever stops reading the body cancels it: `return` of the iterator does, also where `next` was never
 * called (a generator function alone would not see that).
 */
export interface Reply {
  readonly status: number
  /** The only value of a header field, its name in lower case; null where it is absent or has several. */
  header(name: string): string | null
  /** Throws what ended it where it does not end well: a reset, a pause that is too long. */
  readonly body: AsyncIterable<Uint8Array>
  /**
   * Says, once, that nobody holds so many bytes of the body any more, which a chunk or a view of one has. Their memory
   * may be read into again. Who says nothing keeps what came.
   */
  spend?(bytes: Uint8Array, length: number): void
}

/** One endpoint, as a provider sees it: something to ask, that tells lies. Limits of time and redirects are its own. */
export interface AskedEndpoint {
  /** Tells endpoints apart: what one of them cannot do may be remembered for the time of a proof. */
  readonly key: string
  /** Rejects where no answer comes. */
  ask(ask: Ask): Promise<Reply>
}

/**
 * Which bytes of an object the client is to get, offsets included; null is the end. A negative `first`, with a null
 * `last`, counts from the end. A hint for what is fetched along with the object's metadata: `none` for HEAD.
 */
export type Wanted = { readonly first: number; readonly last: number | null } | 'none'

/** An object whose metadata is proved. */
export interface ProvedObject {
  readonly kind: 'object'
  /** The status that the site's own rules give with it: a page that is shown in place of what is not there. */
  readonly status?: 404 | 410 | 451
  /** Bytes of all of it. */
  readonly size: number
  /** Media type; null: nothing tells. */
  readonly type: string | null
  /** A strong entity tag with its quotes, made from the content: the same at every endpoint (RFC 9110 section 8.8.3). */
  readonly etag: string
  /** May never change under this URL: the URL names the content. */
  readonly immutable: boolean
  /**
   * Bytes `first` to `last`, both included, as whole verified units, cut at the edges: every chunk that is yielded is
   * proved. Throws a ProofError, an UpstreamStatus or what the upstream threw. To be called once.
   */
  read(first: number, last: number): AsyncIterable<Uint8Array>
  /** Whether nobody but the reader holds the bytes of the chunk that was yielded last, nor will yield them again. */
  readonly holdsNothing?: boolean
  /** Gives up what `locate` began where `read` will not be called. */
  discard(): void
}

/** What the site's own rules say about a path: a redirect (`_redirects`), proved as any byte. */
export interface ProvedRedirect {
  readonly kind: 'redirect'
  readonly status: 301 | 302 | 303 | 307 | 308
  readonly location: string
}

/** There is no such thing: the verified directory or manifest shows no such name. */
export interface ProvedAbsence {
  readonly kind: 'absent'
  readonly status: 404 | 410 | 451
}

export type Located = ProvedObject | ProvedRedirect | ProvedAbsence

/**
 * One object to be proved, for one request. It keeps what it has learnt and verified over several endpoints, so that
 * the next one is asked only for what is missing.
 */
export interface Proof {
  /** Proves what the object is, at this endpoint. Throws a ProofError, an UpstreamStatus or what the upstream threw. */
  locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located>
}
