import type { Endpoint, OutlierSettings, Policy } from '../config/snapshot.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Measured, Standing } from '../steering/world.ts'
import { type BoardState, type EndpointState, marksOf, toAbsolute } from './board-state.ts'
import type { HealthView } from './health-view.ts'
import { type HealthReport, holdFor } from './report.ts'
import { type Marks, rampOf, standingOf, UNMARKED } from './standing.ts'
import { Vitals } from './vitals.ts'

interface Entry {
  readonly endpoint: Endpoint
  readonly vitals: Vitals
  marks: Marks
  /** Successes that were not reported yet. */
  unreported: number
  /** Answers that were not, and how long they took to begin, together. */
  answers: number
  answerMs: number
}

export interface MirrorOptions {
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** How many processes serve: each has its part of what may wait for an endpoint. */
  readonly workers: number
  /** Passes reports on to the owner of the Board, in order. Some may get lost. Must not throw. */
  report(reports: readonly HealthReport[]): void
}

/** How long successes and answers are collected. Milliseconds. */
const BATCH = 250
const NOTHING = () => {}

/**
 * Health as one of several processes sees it: it counts for itself what waits, tells the owner of the Board what it
 * meets, and believes what the Board says. Failures are told at once, successes as counts.
 */
export class Mirror implements HealthView {
  readonly #entries = new Map<string, Entry>()
  readonly #options: MirrorOptions
  /** What the Board said last, and when: endpoints of the next Snapshot may be in it. */
  #told: { readonly states: ReadonlyMap<string, EndpointState>; readonly at: number } | null = null
  #batch: Deadline | null = null

  constructor(options: MirrorOptions) {
    this.#options = options
  }

  /** Forgets the endpoints that a new Snapshot does not have, and welcomes its new ones. */
  retain(endpoints: readonly Endpoint[]): void {
    const keys = new Set(endpoints.map(({ key }) => key))
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key)
    for (const endpoint of endpoints) {
      const known = this.#entries.get(endpoint.key)
      const entry: Entry = known === undefined ? newEntry(endpoint) : { ...known, endpoint }
      this.#entries.set(endpoint.key, entry)
      if (known === undefined) this.#believe(entry)
    }
  }

  /** What the Board says now. */
  apply({ endpoints }: BoardState): void {
    this.#told = { states: new Map(endpoints.map((state) => [state.key, state])), at: this.#options.timers.now() }
    for (const entry of this.#entries.values()) this.#believe(entry)
  }

  standing(endpoint: Endpoint, policy: Policy): Standing {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return 'healthy'
    const full = entry.vitals.pending >= this.#share(policy.maxRequests)
    if (entry.marks === UNMARKED) return full ? 'circuit-open' : 'healthy'
    return standingOf(entry.marks, this.#options.timers.now(), full)
  }

  ramp(endpoint: Endpoint, policy: Policy): number {
    const marks = this.#entries.get(endpoint.key)?.marks ?? UNMARKED
    return marks === UNMARKED ? 1 : rampOf(marks, this.#options.timers.now(), policy.slowStart)
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
    return this.pending(endpoint) < this.#share(maxRequests)
  }

  timed(endpoint: Endpoint, ms: number): void {
    this.#entries.get(endpoint.key)?.vitals.timed(ms, this.#options.timers.now())
  }

  p95(endpoint: Endpoint): number | null {
    return this.#entries.get(endpoint.key)?.vitals.p95(this.#options.timers.now()) ?? null
  }

  measured(endpoint: Endpoint): Measured | null {
    return this.#entries.get(endpoint.key)?.vitals.measured(this.#options.timers.now()) ?? null
  }

  /** Decisions are made with what this process measures; the Board is told for who asks the primary about them. */
  answered(endpoint: Endpoint, ms: number): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return
    entry.vitals.answered(ms, this.#options.timers.now())
    entry.answers++
    entry.answerMs += ms
    this.#flushSoon()
  }

  /** An active check, which the primary makes for all, measured an endpoint. */
  probed(key: string, ms: number): void {
    this.#entries.get(key)?.vitals.answered(ms, this.#options.timers.now())
  }

  succeeded(endpoint: Endpoint): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined) return
    entry.vitals.succeeded(this.#options.timers.now())
    if (endpoint.cdn === null) return
    entry.unreported++
    this.#flushSoon()
  }

  /** Successes before it are told before it. While an endpoint is ejected its failures are no news. */
  failed(endpoint: Endpoint, settings: OutlierSettings): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined || endpoint.cdn === null) return
    const { marks } = entry
    if (marks !== UNMARKED && this.#options.timers.now() < marks.ejectedUntil) return
    this.#options.report([...takeSuccesses(entry), { kind: 'failed', key: endpoint.key, settings }])
  }

  limited(endpoint: Endpoint, ms: number): void {
    const entry = this.#entries.get(endpoint.key)
    const hold = holdFor(ms)
    if (entry === undefined || hold === 0) return
    // The Board's answer takes its time; until then this process knows it alone.
    const heldUntil = Math.max(entry.marks.heldUntil, this.#options.timers.now() + hold)
    entry.marks = { ...entry.marks, heldUntil }
    this.#options.report([{ kind: 'limited', key: endpoint.key, ms: hold }])
  }

  corrupt(endpoint: Endpoint): void {
    const entry = this.#entries.get(endpoint.key)
    if (entry === undefined || endpoint.cdn === null) return
    this.#options.report([{ kind: 'corrupt', key: endpoint.key }])
  }

  /** Tells what is collected, and collects no more. */
  close(): void {
    this.#batch?.cancel()
    this.#flush()
  }

  #share(maxRequests: number): number {
    return Math.max(1, Math.floor(maxRequests / this.#options.workers))
  }

  #flushSoon(): void {
    this.#batch ??= this.#options.timers.after(BATCH, () => this.#flush())
  }

  #flush(): void {
    this.#batch = null
    const reports = [...this.#entries.values()].flatMap((entry) => [...takeSuccesses(entry), ...takeAnswers(entry)])
    if (reports.length > 0) this.#options.report(reports)
  }

  /** Takes over what the Board said; what this process was asked to wait for stays. */
  #believe(entry: Entry): void {
    if (this.#told === null) return
    const { states, at } = this.#told
    const state = states.get(entry.endpoint.key)
    const { heldUntil } = entry.marks
    const held = this.#options.timers.now() < heldUntil
    const marks = state === undefined ? UNMARKED : marksOf(state, at)
    entry.marks = held ? { ...marks, heldUntil: Math.max(heldUntil, marks.heldUntil) } : marks
    if (state !== undefined) entry.vitals.succeeded(toAbsolute(state.lastSuccess, at))
  }
}

function newEntry(endpoint: Endpoint): Entry {
  return { endpoint, vitals: new Vitals(), marks: UNMARKED, unreported: 0, answers: 0, answerMs: 0 }
}

function takeSuccesses(entry: Entry): HealthReport[] {
  const { unreported: count, endpoint } = entry
  if (count === 0) return []
  entry.unreported = 0
  return [{ kind: 'succeeded', key: endpoint.key, count }]
}

function takeAnswers(entry: Entry): HealthReport[] {
  const { answers, answerMs, endpoint } = entry
  if (answers === 0) return []
  entry.answers = 0
  entry.answerMs = 0
  return [{ kind: 'answered', key: endpoint.key, ms: answerMs / answers }]
}
