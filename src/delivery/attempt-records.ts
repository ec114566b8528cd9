import type { DeliveryAttempt } from './delivery-attempt.ts'
import type { AttemptRecord, Outcome } from './outcome.ts'

/** Enough for the log of one request; a long body may outlive many endpoints. */
const MAX_SHOWN = 64

/** What became of the tries of one delivery, in the order in which they were known. */
export class AttemptRecords {
  readonly #records: AttemptRecord[] = []
  /** Records before this one belong to what the client has; they count no more. */
  #countedFrom = 0

  get all(): readonly AttemptRecord[] {
    return this.#records
  }

  /** Those since attempts were last counted anew. */
  get counted(): readonly AttemptRecord[] {
    return this.#records.slice(this.#countedFrom)
  }

  get shown(): readonly AttemptRecord[] {
    return this.#records.slice(-MAX_SHOWN)
  }

  /** A try has one record: what it comes to in the end. `ms` is what it took so far. */
  add(by: DeliveryAttempt, outcome: Outcome, ms: number): void {
    const entry = { endpoint: by.endpoint, outcome, ms, hops: by.attempt.hops }
    if (by.recordIndex >= 0) this.#records[by.recordIndex] = { ...entry, ms: this.#records[by.recordIndex]!.ms }
    else by.recordIndex = this.#records.push(entry) - 1
  }

  /** Counts anew, from the last `kept` on. */
  renew(kept: number): void {
    this.#countedFrom = this.#records.length - kept
  }
}
