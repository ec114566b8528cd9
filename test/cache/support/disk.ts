import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type DiskEntry, DiskTier } from '../../../src/cache/disk.ts'
import { fields, NOW } from './table.ts'

export interface OpenedDisk {
  readonly disk: DiskTier
  readonly folder: string
  /** What it said went wrong, in order. */
  readonly problems: string[]
  readonly clock: { now: number }
}

/** A cache on disk, as one process has it. */
export async function openDisk(
  t: Test,
  folder: string = t.testdir({}),
  more: { maxBytes?: number; isFirst?: boolean } = {},
): Promise<OpenedDisk> {
  const problems: string[] = []
  const clock = { now: NOW }
  const options = { folder, maxBytes: 100 * 2 ** 20, isFirst: true, now: () => clock.now, ...more }
  const disk = (await DiskTier.open({ ...options, onProblem: (problem) => problems.push(problem) }))!
  t.teardown(() => disk.close())
  return { disk, folder, problems, clock }
}

export async function* source(...chunks: (string | Buffer | Error)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk
    yield Buffer.from(chunk)
  }
}

/** What is stored for a key, from its first byte on: a miss; `damaged`, as the first who reads it sees it. */
export async function readFrom(disk: DiskTier, key: string, request = ''): Promise<string> {
  const found = disk.find(key, fields(request))
  if (typeof found === 'string') return found
  const chunks: Buffer[] = []
  try {
    for await (const chunk of (found as DiskEntry).read({ first: 0, last: found.head.size! - 1 })) chunks.push(chunk)
  } catch {
    return chunks.length === 0 ? 'damaged' : 'cut'
  }
  return Buffer.concat(chunks).toString('latin1')
}

/** Files of bodies, in whichever Volume. */
export function contentsOf(folder: string): string[] {
  return globSync('v*/content/content-v2/**/*', { cwd: folder, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
}
