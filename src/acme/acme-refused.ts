import { PolycdnError } from '../errors.ts'

interface Problem {
  readonly type?: unknown
  readonly detail?: unknown
}

/** The directory said no, or a challenge failed. */
export class AcmeRefused extends PolycdnError {
  /** The HTTP status; 0: the authority found out later, while it validated. */
  readonly answered: number
  /** Milliseconds; null: none was named. */
  readonly retryAfter: number | null

  /** @param problem the document of RFC 8555 section 6.7, or whatever came instead */
  constructor(status: number, problem: unknown, retryAfter: number | null) {
    const { type, detail }: Problem = typeof problem === 'object' && problem !== null ? problem : {}
    const kind = typeof type === 'string' ? type.replace('urn:ietf:params:acme:error:', '') : `status ${status}`
    super('acme_refused', typeof detail === 'string' ? `${kind}: ${detail}` : kind)
    this.answered = status
    this.retryAfter = retryAfter
  }
}
