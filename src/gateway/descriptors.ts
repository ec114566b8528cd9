import { readFileSync } from 'node:fs'
import type { Limits } from '../config/snapshot.ts'

/** File descriptors that a process may have, and how many it may come to need. */
export interface DescriptorShortage {
  readonly limit: number
  readonly needed: number
  /** Client connections for which the limit is enough, all processes together. */
  readonly enough_for: number
}

/** Listeners, the admin's connections, files, resolvers, pipes to other processes. */
const OWN = 128
/** A client's connection, and the one to the endpoint that serves it. */
const PER_CLIENT = 2

/**
 * Whether a process has fewer descriptors than its share of `limits.connections` may come to need; null: it has enough,
 * or its system does not say. `text` is /proc/self/limits, `processes` how many share the connections.
 */
export function descriptorShortage(text: string, limits: Limits, processes: number): DescriptorShortage | null {
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1]
  if (soft === undefined) return null
  const limit = Number(soft)
  const needed = Math.ceil(limits.connections / processes) * PER_CLIENT + OWN
  const enough = Math.max(Math.floor((limit - OWN) / PER_CLIENT), 0) * processes
  return limit >= needed ? null : { limit, needed, enough_for: enough }
}

/** Empty where the system has no such file. */
export function readProcessLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
