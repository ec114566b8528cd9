import type { Marks } from './standing.ts'

/**
 * What the Board knows of one endpoint, as JSON that another process understands: times are milliseconds from the
 * moment of the export, negative in the past, null for never.
 */
export interface EndpointState {
  readonly key: string
  readonly unhealthy: boolean
  readonly ejections: number
  readonly recoveredAt: number | null
  readonly ejectedUntil: number | null
  readonly corruptUntil: number | null
  readonly heldUntil: number | null
  readonly lastSuccess: number | null
}

/** Every endpoint of which there is something to tell. The others are well. */
export interface BoardState {
  readonly endpoints: readonly EndpointState[]
}

/** What is further away than this is not believed: no setting is as long. Milliseconds. */
const FURTHEST = 500 * 3_600_000
const MOST_ENDPOINTS = 100_000
const MOST_EJECTIONS = 1_000_000
const LONGEST_KEY = 65_536

const TIMES = ['recoveredAt', 'ejectedUntil', 'corruptUntil', 'heldUntil', 'lastSuccess'] as const

/** A time of this process as one that counts from now. */
export function toRelative(time: number, now: number): number | null {
  return Number.isFinite(time) ? Math.round(time - now) : null
}

/** And back. */
export function toAbsolute(time: number | null, now: number): number {
  return time === null ? Number.NEGATIVE_INFINITY : now + time
}

/** What another process's Board says, on this process's clock. */
export function marksOf(state: EndpointState, now: number): Marks {
  return {
    unhealthy: state.unhealthy,
    recoveredAt: toAbsolute(state.recoveredAt, now),
    ejectedUntil: toAbsolute(state.ejectedUntil, now),
    corruptUntil: toAbsolute(state.corruptUntil, now),
    heldUntil: toAbsolute(state.heldUntil, now),
  }
}

/** A BoardState that was read from somewhere, or null where that is not one. */
export function parseBoardState(input: unknown): BoardState | null {
  if (!isRecord(input) || !Array.isArray(input.endpoints) || input.endpoints.length > MOST_ENDPOINTS) return null
  const endpoints = input.endpoints.map(parseEndpoint)
  return endpoints.every((endpoint) => endpoint !== null) ? { endpoints } : null
}

function parseEndpoint(input: unknown): EndpointState | null {
  if (!isRecord(input)) return null
  const { key, unhealthy, ejections, recoveredAt, ejectedUntil, corruptUntil, heldUntil, lastSuccess } = input
  const right =
    typeof key === 'string' &&
    key.length <= LONGEST_KEY &&
    typeof unhealthy === 'boolean' &&
    Number.isSafeInteger(ejections) &&
    (ejections as number) >= 0 &&
    (ejections as number) <= MOST_EJECTIONS &&
    TIMES.every((name) => isTime(input[name]))
  if (!right) return null
  return { key, unhealthy, ejections, recoveredAt, ejectedUntil, corruptUntil, heldUntil, lastSuccess } as EndpointState
}

function isTime(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Math.abs(value) <= FURTHEST)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
