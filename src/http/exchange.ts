import type { Endpoint, Route, Site } from '../config/snapshot.ts'
import type { ClientWriter } from '../delivery/client-writer.ts'
import type { Resume } from '../delivery/job.ts'
import type { AttemptRecord } from '../delivery/outcome.ts'
import type { ResponseWriter } from '../delivery/writer.ts'
import type { ErrorCode } from '../errors.ts'
import type { Address } from '../geo/address.ts'
import type { RequestProofs } from '../proofs/request-proofs.ts'
import type { Decision } from '../steering/decision.ts'
import type { Reason } from '../steering/reasons.ts'
import type { RequestFacts } from '../steering/request-facts.ts'
import type { Generation } from './generation.ts'
import type { Host } from './host.ts'
import type { RequestHead } from './request-head.ts'
import type { Services } from './services.ts'
import type { Target } from './target.ts'

/** A client's request as far as it is understood: normalised, and matched to a Site and a Route. */
export interface Admitted {
  readonly generation: Generation
  readonly raw: RequestHead
  readonly method: string
  readonly target: Target
  readonly host: Host
  readonly scheme: 'http' | 'https'
  /** The other side of the socket, and the client behind the proxies we trust. */
  readonly peer: Address
  readonly client: Address
  readonly peerTrusted: boolean
  /** What the Route was matched by, and the Decision looks at. */
  readonly facts: RequestFacts
  readonly site: Site
  readonly route: Route
}

/** One client's request, and where its answer goes. */
export interface Exchange {
  readonly services: Services
  readonly arrival: Arrival
  readonly admitted: Admitted
  readonly proofs: RequestProofs
  /** In the variant that the client wants. */
  readonly writer: ClientWriter
  /** As it is: for what the gateway says itself. */
  readonly client: ResponseWriter
  /** What only this client is told of an answer that is for all: a flat list. */
  readonly own: readonly string[]
}

/** A request as it came, before anything was understood of it. */
export interface Arrival {
  readonly raw: RequestHead
  /** Milliseconds on the clock of Timers. */
  readonly startedAt: number
}

/**
 * What the cache had to do with an answer. `hit`: stored and fresh; `stale`: stored, and no more than that could be had in
 * time; `revalidated`: stored, and confirmed just now; `collapsed`: what another client asked for; `miss`: it had to be
 * asked for; `pass`: and is not for others; `bypass`: the request was none for the cache.
 */
export type CacheResult = 'hit' | 'stale' | 'revalidated' | 'collapsed' | 'miss' | 'pass' | 'bypass'

/** How a request ended: what metrics and the access log are told. */
export interface Ending {
  /** The status that the client was sent, or would have been. */
  readonly status: number
  /** Bytes of body handed to the client's connection. */
  readonly bytes: number
  /** Milliseconds from the request to the first byte of the answer; null when there was none. */
  readonly firstByteMs: number | null
  readonly servedBy: Endpoint | null
  readonly reason: Reason | null
  readonly decision: Decision | null
  readonly attempts: readonly AttemptRecord[]
  /** Switches of endpoints in the middle of the body. */
  readonly resumes: readonly Resume[]
  /** null: nothing is cached under its Policy. */
  readonly cache: CacheResult | null
  readonly error: ErrorCode | null
  /** The answer was visibly cut. */
  readonly aborted: boolean
}

/** Of a request for which no endpoint was asked and nothing was sent. */
export const NOTHING_SENT: Ending = {
  status: 0,
  bytes: 0,
  firstByteMs: null,
  servedBy: null,
  reason: null,
  decision: null,
  attempts: [],
  resumes: [],
  cache: null,
  error: null,
  aborted: false,
}
