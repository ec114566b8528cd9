import { closeSync, existsSync, globSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface TamperOptions {
  /** Of the cache on disk; nobody has it open. */
  readonly folder: string
  readonly random: () => number
  /** Files of bodies. */
  readonly files: number
  /** Bytes of the table that are changed in place, as a disk does that forgets. */
  readonly flips: number
}

/** Does to a cache on disk what a torn write, a bad disk or somebody else might. Says how many files of bodies were hit. */
export function tamperDisk({ folder, random, files, flips }: TamperOptions): number {
  const bodies = globSync(join(folder, 'v*/content/content-v2/**/*'))
    .filter((path) => statSync(path).isFile())
    .sort()
  let hit = 0
  for (; hit < files && bodies.length > 0; hit++) {
    const [path] = bodies.splice(Math.floor(random() * bodies.length), 1)
    damage(path!, random)
  }
  const table = globSync(join(folder, 'v*/index.db')).at(-1)!
  const log = `${table}-wal`
  // The end of what a killed process wrote last.
  if (existsSync(log) && statSync(log).size > 0) truncateSync(log, Math.floor(statSync(log).size * (1 - random() / 10)))
  for (let at = 0; at < flips; at++) flip(table, random)
  return hit
}

function damage(path: string, random: () => number): void {
  const how = random()
  if (how < 0.2) truncateSync(path, 0)
  else if (how < 0.5) truncateSync(path, Math.floor(statSync(path).size * random()))
  else flip(path, random)
}

function flip(path: string, random: () => number): void {
  const { size } = statSync(path)
  if (size === 0) return
  const at = Math.floor(random() * size)
  const byte = Buffer.alloc(1)
  const file = openSync(path, 'r+')
  readSync(file, byte, 0, 1, at)
  byte[0] = byte[0]! ^ (1 << Math.floor(random() * 8))
  writeSync(file, byte, 0, 1, at)
  closeSync(file)
}
