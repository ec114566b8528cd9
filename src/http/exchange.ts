import type { IncomingMessage } from 'node:http'
import type { Endpoint, Route, Site } from '../config/snapshot.ts'
import type { Resume } from '../delivery/job.ts'
import type { AttemptRecord } from '../delivery/outcome.ts'
import type { ErrorCode } from '../errors.ts'
import type { Address } from '../geo/address.ts'
import type { Decision } from '../steering/decision.ts'
import type { Reason } from '../steering/reasons.ts'
import type { RequestFacts } from '../steering/request-facts.ts'
import type { Generation } from './generation.ts'
import type { Host } from './host.ts'
import type { Target } from './target.ts'

/** A client's request as far as it is understood: normalised, and matched to a Site and a Route. */
export interface Admitted {
  readonly generation: Generation
  readonly raw: IncomingMessage
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
  readonly error: ErrorCode | null
  /** The answer was visibly cut. */
  readonly aborted: boolean
}
