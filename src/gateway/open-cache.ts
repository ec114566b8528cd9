import { randomUUID } from 'node:crypto'
import { Cache, type CacheOptions } from '../cache/cache.ts'
import { Claims } from '../cache/claims.ts'
import type { DiskTier } from '../cache/disk.ts'
import type { Purges } from '../cache/purges.ts'
import type { CacheStorage } from '../config/caching.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Log } from '../observe/log.ts'

export interface CacheParts extends Pick<CacheOptions, 'onInvalidated'> {
  readonly purges: Purges
  readonly timers: Timers
  readonly log: Log
  /** How many processes share what is configured. */
  readonly processes: number
}

/** The cache of one process that serves: its part of the memory, and the disk that all share. */
export async function openCache(storage: CacheStorage, parts: CacheParts): Promise<Cache> {
  const { purges, timers, log, processes, onInvalidated } = parts
  return new Cache({
    memory: Math.floor(storage.memory / processes),
    disk: await openDisk(storage, log, false),
    claims: processes === 1 ? null : await openClaims(storage, log),
    purges,
    ...(onInvalidated === undefined ? {} : { onInvalidated }),
    now: Date.now,
    after: (ms, expire) => timers.after(ms, expire),
  })
}

/** @param isFirst no other process has it open: what a killed one left half written is removed */
export async function openDisk({ disk }: CacheStorage, log: Log, isFirst: boolean): Promise<DiskTier | null> {
  if (disk === null) return null
  // Most have none, and every process would load what it is made of.
  const { DiskTier } = await import('../cache/disk.ts')
  return DiskTier.open({
    folder: disk.path,
    maxBytes: disk.size,
    isFirst,
    now: Date.now,
    onProblem: (problem, error) => log.error(problem, { error }),
  })
}

/** How many keys are on their way, or are known not to be shared, in all processes. */
const MAX_CLAIMS = 50_000

async function openClaims({ disk }: CacheStorage, log: Log): Promise<Claims | null> {
  if (disk === null) return null
  return Claims.open({
    folder: disk.path,
    owner: randomUUID(),
    maxClaims: MAX_CLAIMS,
    now: Date.now,
    onProblem: (error) => log.error('cache-disk-unwritable', { error }),
  })
}
