import { randomUUID } from 'node:crypto'
import { Cache, type CacheOptions } from '../cache/cache.ts'
import { Claims } from '../cache/claims.ts'
import type { DiskTier } from '../cache/disk.ts'
import type { Purges } from '../cache/purges.ts'
import type { DiskProblem } from '../cache/volumes.ts'
import type { CacheStorage } from '../config/caching.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'

export interface CacheParts extends Pick<CacheOptions, 'onInvalidated'> {
  readonly purges: Purges
  readonly timers: Timers
  readonly log: Log
  readonly metrics: Metrics
  /** How many processes share what is configured. */
  readonly processes: number
}

/** The cache of one process that serves: its part of the memory, and the disk that all share. */
export async function openCache(storage: CacheStorage, parts: CacheParts): Promise<Cache> {
  const { purges, timers, processes, onInvalidated } = parts
  return new Cache({
    memory: Math.floor(storage.memory / processes),
    disk: await openDisk(storage, parts, false),
    claims: processes === 1 ? null : await openClaims(storage, parts),
    purges,
    ...(onInvalidated === undefined ? {} : { onInvalidated }),
    now: Date.now,
    after: (ms, expire) => timers.after(ms, expire),
  })
}

/** Milliseconds between two lines of the same problem: a disk that is full fails for each answer. */
const TOLD_EVERY = 60_000

/** @param isFirst no other process has it open: what a killed one left half written is removed */
export async function openDisk(
  { disk }: CacheStorage,
  parts: Pick<CacheParts, 'log' | 'metrics'>,
  isFirst: boolean,
): Promise<DiskTier | null> {
  if (disk === null) return null
  // Most have none, and every process would load what it is made of.
  const { DiskTier } = await import('../cache/disk.ts')
  return DiskTier.open({
    folder: disk.path,
    maxBytes: disk.size,
    isFirst,
    now: Date.now,
    onProblem: (problem, error) => tell(parts, problem, error),
  })
}

function tell({ log, metrics }: Pick<CacheParts, 'log' | 'metrics'>, problem: DiskProblem, error: unknown): void {
  metrics.cacheDiskErrors.child(problem).inc()
  // One answer that is asked for again is counted, and no news.
  if (problem === 'entry-damaged') return
  const event = `cache-disk-${problem}`
  log.throttle(event, TOLD_EVERY)?.error(event, { error })
}

/** How many keys are on their way, or are known not to be shared, in all processes. */
const MAX_CLAIMS = 50_000

async function openClaims({ disk }: CacheStorage, parts: CacheParts): Promise<Claims | null> {
  if (disk === null) return null
  return Claims.open({
    folder: disk.path,
    owner: randomUUID(),
    maxClaims: MAX_CLAIMS,
    now: Date.now,
    onProblem: (error) => tell(parts, 'unwritable', error),
  })
}
