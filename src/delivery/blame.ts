import type { Endpoint, OutlierSettings } from '../config/snapshot.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import type { HealthView } from '../health/health-view.ts'
import { type AttemptRecord, statusOf } from './outcome.ts'

/**
 * Who is charged for what goes wrong in one delivery. What only an endpoint can be the cause of is charged at once. A
 * 5xx, or what is no HTTP, may be the site's own doing: it is charged when somebody else has answered this request below
 * 500, or a visitor could eject every CDN by asking for one broken URL. So it is with a limit that an endpoint asks for.
 */
export class Blame {
  readonly #health: HealthView
  readonly #settings: OutlierSettings
  readonly #charged = new Set<AttemptRecord>()
  readonly #limits: { readonly endpoint: Endpoint; readonly ms: number }[] = []

  constructor(health: HealthView, settings: OutlierSettings) {
    this.#health = health
    this.#settings = settings
  }

  failed(endpoint: Endpoint, code: ErrorCode): void {
    if (code === 'content_corrupt') return this.#health.corrupt(endpoint)
    if (isItsOwn(endpoint, code)) this.#health.failed(endpoint, this.#settings)
  }

  /** It asked for a pause of so many milliseconds. */
  limited(endpoint: Endpoint, ms: number): void {
    if (ms > 0) this.#limits.push({ endpoint, ms })
  }

  /** Somebody answers below 500: what these attempts came to was not the site's doing. */
  answered(records: readonly AttemptRecord[]): void {
    for (const record of records) {
      if (this.#charged.has(record) || !mayBeTheSites(record)) continue
      this.#charged.add(record)
      this.#health.failed(record.endpoint, this.#settings)
    }
    for (const { endpoint, ms } of this.#limits.splice(0)) this.#health.limited(endpoint, ms)
  }
}

function isItsOwn({ tls }: Endpoint, code: ErrorCode): boolean {
  // The client's own host is the name to verify there: a certificate without it is what the client asked for.
  if (code === 'tls_certificate_error' && tls?.serverName === null) return false
  if (code === 'http_protocol_error' || code === 'resume_mismatch' || code.startsWith('content_')) return false
  return ERRORS[code].fault === 'upstream'
}

function mayBeTheSites({ outcome }: AttemptRecord): boolean {
  if (outcome.kind !== 'failed' || outcome.code === 'resume_mismatch') return false
  if (outcome.code === 'content_unproved') return true
  return outcome.code === 'http_protocol_error' || (statusOf(outcome) ?? 0) >= 500
}
