import type { Endpoint, HealthCheck, OutlierSettings, Policy } from '../config/snapshot.ts'
import type { Measured, Standing } from '../steering/world.ts'
import { type BoardState, type EndpointState, marksOf, toAbsolute, toRelative } from './board-state.ts'
import { afterCheck, type CheckState, HINTED_UNHEALTHY, UNCHECKED } from './check-state.ts'
import { FailureRate } from './failure-rate.ts'
import type { HealthView } from './health-view.ts'
import {
  afterCorruption,
  afterFailure,
  afterReturn,
  afterSuccess,
  INNOCENT,
  isEjected,
  type OutlierState,
} from './outlier.ts'
import { type HealthReport, holdFor } from './report.ts'
import { type Condition, conditionOf, type Marks, rampOf, standingOf, UNMARKED } from './standing.ts'
import { Vitals } from './vitals.ts'

interface Entry {
  readonly endpoint: Endpoint
  readonly vitals: Vitals
  readonly rate: FailureRate
  outlier: OutlierState
  check: CheckState
  marks: Marks
}

/** Something that operators want to read in the log. */
export type HealthEvent =
  | 'endpoint-ejected'
  | 'endpoint-returned'
  | 'endpoint-unhealthy'
  | 'endpoint-healthy'
  | 'endpoint-corrupt'

export interface BoardOptions {
  /** Milliseconds, monotonic. */
  now(): number
  /** Uniform in [0, 1). */
  random(): number
  onEvent(event: HealthEvent, endpoint: Endpoint): void
  /** What `export` tells has changed. */
  onChange?(): void
}

const NOTHING = () => {}

/** The health of every endpoint, by its key: the only owner of this state, which outlives reloads. */
export class Board implements HealthView {
  readonly #entries = new Map<string, Entry>()
  readonly #options: BoardOptions
  #version = 0

  constructor(options: BoardOptions) {
    this.#options = options
  }

  /** Grows whenever `export` has something new to tell. */
  get version(): number {
    return this.#version
  }

  /** Forgets the endpoints that a new Snapshot does not have, and welcomes its new ones. */
  retain(endpoints: readonly Endpoint[]): void {
    const keys = new Set(endpoints.map(({ key }) => key))
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key)
    for (const endpoint of endpoints) {
      const known = this.#entries.get(endpoint.key)
      const entry = known === undefined ? newEntry(endpoint) : { ...known, endpoint }
      if (endpoint.cdn?.healthCheck == null) {
        entry.check = UNCHECKED
        if (entry.marks.unhealthy) entry.marks = { ...entry.marks, unhealthy: false }
      }
      this.#entries.set(endpoint.key, entry)
    }
    this.#changed()
  }

  standing(endpoint: Endpoint, policy: Policy): Standing {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return 'healthy'
    const full = entry.vitals.pending >= policy.maxRequests
    if (entry.marks === UNMARKED) return full ? 'circuit-open' : 'healthy'
    return standingOf(entry.marks, this.#options.now(), full)
  }

  ramp(endpoint: Endpoint, policy: Policy): number {
    const marks = this.#entries.get(endpoint.key)?.marks ?? UNMARKED
    return marks === UNMARKED ? 1 : rampOf(marks, this.#options.now(), policy.slowStart)
  }

  lastSuccess(endpoint: Endpoint): number {
    return this.#entries.get(endpoint.key)?.vitals.lastSuccess ?? Number.NEGATIVE_INFINITY
  }

  begin(endpoint: Endpoint): () => void {
    return this.#entries.get(endpoint.key)?.vitals.begin() ?? NOTHING
  }

  pending(endpoint: Endpoint): number {
    return this.#entries.get(endpoint.key)?.vitals.pending ?? 0
  }

  hasRoom(endpoint: Endpoint, maxRequests: number): boolean {
    return this.pending(endpoint) < maxRequests
  }

  timed(endpoint: Endpoint, ms: number): void {
    this.#entries.get(endpoint.key)?.vitals.timed(ms, this.#options.now())
  }

  p95(endpoint: Endpoint): number | null {
    return this.#entries.get(endpoint.key)?.vitals.p95(this.#options.now()) ?? null
  }

  measured(endpoint: Endpoint): Measured | null {
    return this.#entries.get(endpoint.key)?.vitals.measured(this.#options.now()) ?? null
  }

  /** What the answers of each endpoint that was measured usually take. Milliseconds, by key. */
  *latencies(): Generator<readonly [key: string, ms: number]> {
    for (const { endpoint } of this.#entries.values()) {
      const measured = this.measured(endpoint)
      if (measured !== null) yield [endpoint.key, measured.usual]
    }
  }

  answered({ key }: Endpoint, ms: number): void {
    this.#answered(key, ms)
  }

  succeeded({ key }: Endpoint): void {
    this.#succeeded(key, 1)
  }

  failed({ key }: Endpoint, settings: OutlierSettings): void {
    this.#failed(key, settings)
  }

  limited({ key }: Endpoint, ms: number): void {
    this.#limited(key, ms)
  }

  corrupt({ key }: Endpoint): void {
    this.#corrupt(key)
  }

  /** What other processes saw, in the order in which they saw it. */
  receive(reports: readonly HealthReport[]): void {
    for (const report of reports) {
      if (report.kind === 'succeeded') this.#succeeded(report.key, report.count)
      else if (report.kind === 'failed') this.#failed(report.key, report.settings)
      else if (report.kind === 'limited') this.#limited(report.key, report.ms)
      else if (report.kind === 'answered') this.#answered(report.key, report.ms)
      else this.#corrupt(report.key)
    }
  }

  /** An active check has a result. */
  checked(endpoint: Endpoint, passed: boolean, check: HealthCheck): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return
    const { onEvent } = this.#options
    const now = this.#options.now()
    if (passed) this.#noteSuccess(entry, now)
    const before = entry.check.verdict
    entry.check = afterCheck(entry.check, passed, check)
    const { verdict } = entry.check
    if (verdict !== before && verdict === 'unhealthy') {
      this.#mark(entry, { unhealthy: true })
      onEvent('endpoint-unhealthy', endpoint)
    }
    if (verdict === 'healthy' && before === 'unhealthy') {
      this.#mark(entry, { unhealthy: false, recoveredAt: now })
      onEvent('endpoint-healthy', endpoint)
    }
    if (passed && verdict === 'healthy' && isEjected(entry.outlier, now)) {
      entry.outlier = afterReturn(entry.outlier, now)
      this.#mark(entry, { ejectedUntil: now })
      onEvent('endpoint-returned', endpoint)
    }
  }

  /** What is wrong with an endpoint, whatever policy asks. */
  state({ key }: Endpoint): Condition {
    const marks = this.#entries.get(key)?.marks ?? UNMARKED
    return marks === UNMARKED ? 'healthy' : conditionOf(marks, this.#options.now())
  }

  /** Every endpoint with its state, for metrics and the admin. */
  *states(): Generator<{ readonly endpoint: Endpoint; readonly state: Condition }> {
    for (const { endpoint } of this.#entries.values()) yield { endpoint, state: this.state(endpoint) }
  }

  /** What others must know to decide as the owner of this Board would. */
  export(): BoardState {
    const now = this.#options.now()
    const marked = [...this.#entries.values()].filter(({ marks }) => marks !== UNMARKED)
    return { endpoints: marked.map((entry) => describe(entry, now)) }
  }

  /**
   * What an earlier process knew, `age` milliseconds ago: a hint. It says nothing about endpoints of which this process
   * knows something itself, and one passing check is enough to find an endpoint well that was unhealthy.
   */
  import({ endpoints }: BoardState, age = 0): void {
    const now = this.#options.now() - age
    for (const state of endpoints) {
      const entry = this.#entries.get(state.key)
      if (entry === undefined || entry.marks !== UNMARKED || entry.check !== UNCHECKED) continue
      const unhealthy = state.unhealthy && entry.endpoint.cdn?.healthCheck != null
      const hold = holdFor(toAbsolute(state.heldUntil, now) - this.#options.now())
      const marks: Marks = { ...marksOf(state, now), unhealthy, heldUntil: this.#options.now() + hold }
      const { ejectedUntil, corruptUntil } = marks
      entry.outlier = { consecutive: 0, ejections: state.ejections, ejectedUntil, corruptUntil }
      if (unhealthy) entry.check = HINTED_UNHEALTHY
      entry.vitals.succeeded(toAbsolute(state.lastSuccess, now))
      entry.marks = marks
    }
    this.#changed()
  }

  #answered(key: string, ms: number): void {
    this.#entries.get(key)?.vitals.answered(ms, this.#options.now())
  }

  #succeeded(key: string, count: number): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    const now = this.#options.now()
    this.#noteSuccess(entry, now)
    if (entry.endpoint.cdn === null) return
    entry.rate.add(now, count, 0)
    entry.outlier = afterSuccess(entry.outlier)
  }

  /** There is nothing behind an origin: it is never ejected. */
  #failed(key: string, settings: OutlierSettings): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.endpoint.cdn === null) return
    const { now, random, onEvent } = this.#options
    const failure = { settings, now: now(), random: random() }
    if (isEjected(entry.outlier, failure.now)) return
    entry.rate.add(failure.now, 1, 1)
    const recent = entry.rate.recent(failure.now, settings.interval)
    entry.outlier = afterFailure(entry.outlier, { ...failure, recent })
    const { ejectedUntil } = entry.outlier
    if (!isEjected(entry.outlier, failure.now)) return
    entry.rate.clear()
    this.#mark(entry, { ejectedUntil })
    onEvent('endpoint-ejected', entry.endpoint)
  }

  #limited(key: string, ms: number): void {
    const entry = this.#entries.get(key)
    const hold = holdFor(ms)
    if (entry === undefined || hold === 0) return
    this.#mark(entry, { heldUntil: Math.max(entry.marks.heldUntil, this.#options.now() + hold) })
  }

  #corrupt(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.endpoint.cdn === null) return
    const now = this.#options.now()
    const known = now < entry.marks.corruptUntil
    entry.outlier = afterCorruption(entry.outlier, now)
    this.#mark(entry, { corruptUntil: entry.outlier.corruptUntil })
    if (!known) this.#options.onEvent('endpoint-corrupt', entry.endpoint)
  }

  /** Of an endpoint that is ill, it decides who is tried when all are: everybody has to know. */
  #noteSuccess(entry: Entry, now: number): void {
    entry.vitals.succeeded(now)
    if (entry.check.verdict === 'unhealthy' || isEjected(entry.outlier, now)) this.#changed()
  }

  #mark(entry: Entry, marks: Partial<Marks>): void {
    entry.marks = { ...entry.marks, ...marks }
    this.#changed()
  }

  #changed(): void {
    this.#version++
    this.#options.onChange?.()
  }
}

function newEntry(endpoint: Endpoint): Entry {
  return {
    endpoint,
    vitals: new Vitals(),
    rate: new FailureRate(),
    outlier: INNOCENT,
    check: UNCHECKED,
    marks: UNMARKED,
  }
}

function describe({ endpoint, vitals, outlier, marks }: Entry, now: number): EndpointState {
  return {
    key: endpoint.key,
    unhealthy: marks.unhealthy,
    ejections: outlier.ejections,
    recoveredAt: toRelative(marks.recoveredAt, now),
    ejectedUntil: toRelative(marks.ejectedUntil, now),
    corruptUntil: toRelative(marks.corruptUntil, now),
    heldUntil: toRelative(marks.heldUntil, now),
    lastSuccess: toRelative(vitals.lastSuccess, now),
  }
}
