import type { Endpoint, HealthCheck, OutlierSettings } from '../config/snapshot.ts'
import type { HealthState } from '../steering/world.ts'
import { afterCheck, type CheckState, UNCHECKED } from './check-state.ts'
import { afterFailure, afterReturn, afterSuccess, INNOCENT, isEjected, type OutlierState } from './outlier.ts'

interface Entry {
  readonly endpoint: Endpoint
  outlier: OutlierState
  check: CheckState
}

/** Something that operators want to read in the log. */
export type HealthEvent = 'endpoint-ejected' | 'endpoint-returned' | 'endpoint-unhealthy' | 'endpoint-healthy'

export interface BoardOptions {
  /** Milliseconds, monotonic. */
  now(): number
  /** Uniform in [0, 1). */
  random(): number
  onEvent(event: HealthEvent, endpoint: Endpoint): void
}

/** The health of every endpoint, by its key: the only owner of this state, which outlives reloads. */
export class Board {
  readonly #entries = new Map<string, Entry>()
  readonly #options: BoardOptions

  constructor(options: BoardOptions) {
    this.#options = options
  }

  /** Forgets the endpoints that a new Snapshot does not have, and welcomes its new ones. */
  retain(endpoints: readonly Endpoint[]): void {
    const keys = new Set(endpoints.map(({ key }) => key))
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key)
    for (const endpoint of endpoints) {
      const { outlier, check } = this.#entries.get(endpoint.key) ?? { outlier: INNOCENT, check: UNCHECKED }
      const checked = endpoint.cdn?.healthCheck != null
      this.#entries.set(endpoint.key, { endpoint, outlier, check: checked ? check : UNCHECKED })
    }
  }

  state(endpoint: Endpoint): HealthState {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return 'healthy'
    if (entry.check.verdict === 'unhealthy') return 'unhealthy'
    return entry.outlier.ejectedUntil !== 0 && isEjected(entry.outlier, this.#options.now()) ? 'ejected' : 'healthy'
  }

  /** An attempt succeeded. */
  succeeded(endpoint: Endpoint): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry !== undefined) entry.outlier = afterSuccess(entry.outlier)
  }

  /** An attempt failed by this endpoint's fault. */
  failed(endpoint: Endpoint, settings: OutlierSettings): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined || endpoint.cdn === null) return
    const { now, random, onEvent } = this.#options
    const before = entry.outlier.ejectedUntil
    entry.outlier = afterFailure(entry.outlier, settings, now(), random())
    if (entry.outlier.ejectedUntil !== before) onEvent('endpoint-ejected', endpoint)
  }

  /** An active check has a result. */
  checked(endpoint: Endpoint, passed: boolean, check: HealthCheck): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return
    const { now, onEvent } = this.#options
    const before = entry.check.verdict
    entry.check = afterCheck(entry.check, passed, check)
    const { verdict } = entry.check
    if (verdict !== before && verdict === 'unhealthy') onEvent('endpoint-unhealthy', endpoint)
    if (verdict !== before && verdict === 'healthy' && before === 'unhealthy') onEvent('endpoint-healthy', endpoint)
    if (passed && verdict === 'healthy' && isEjected(entry.outlier, now())) {
      entry.outlier = afterReturn(entry.outlier, now())
      onEvent('endpoint-returned', endpoint)
    }
  }

  /** Every endpoint with its state, for metrics and the admin. */
  *states(): Generator<{ readonly endpoint: Endpoint; readonly state: HealthState }> {
    for (const { endpoint } of this.#entries.values()) yield { endpoint, state: this.state(endpoint) }
  }
}
