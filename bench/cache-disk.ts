/**
 * What pieces of 4 KiB to 1 MiB cost to write and to read on disk, and how long the event loop stands still:
 *
 *   node bench/cache-disk.ts [--pieces 400] [--folder FOLDER]
 *
 * `cacache` has files named by their content; `sqlite` has the pieces in a table of node:sqlite; `split` has them in
 * files of cacache's and only what is known of them in a table.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import cacache from 'cacache'

const { values } = parseArgs({
  options: { pieces: { type: 'string', default: '400' }, folder: { type: 'string', default: tmpdir() } },
})
const PARALLEL = 8

interface Disk {
  put(key: string, piece: Buffer): Promise<unknown>
  get(key: string): Promise<Buffer>
  close(): void
}

function cacacheDisk(folder: string): Disk {
  return {
    put: (key, piece) => cacache.put(folder, key, piece, { algorithms: ['sha256'] }),
    get: async (key) => (await cacache.get(folder, key)).data,
    close: () => {},
  }
}

function open(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, 'pieces.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000')
  database.exec('CREATE TABLE pieces (key TEXT PRIMARY KEY, hash TEXT, data BLOB) WITHOUT ROWID')
  return database
}

function sqliteDisk(folder: string): Disk {
  const database = open(folder)
  const insert = database.prepare('INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)')
  const select = database.prepare('SELECT hash, data FROM pieces WHERE key = ?')
  const hash = (piece: Uint8Array) => createHash('sha256').update(piece).digest('base64')
  return {
    put: async (key, piece) => insert.run(key, hash(piece), piece),
    get: async (key) => {
      const row = select.get(key) as { hash: string; data: Uint8Array }
      if (hash(row.data) !== row.hash) throw new Error('damaged')
      return Buffer.from(row.data.buffer)
    },
    close: () => database.close(),
  }
}

function splitDisk(folder: string): Disk {
  const database = open(folder)
  const insert = database.prepare('INSERT OR REPLACE INTO pieces VALUES (?, ?, NULL)')
  const select = database.prepare('SELECT hash FROM pieces WHERE key = ?')
  return {
    put: async (key, piece) => {
      const integrity = await cacache.put(folder, key, piece, { algorithms: ['sha256'] })
      insert.run(key, String(integrity))
    },
    get: async (key) => cacache.get.byDigest(folder, (select.get(key) as { hash: string }).hash),
    close: () => database.close(),
  }
}

async function inParallel(count: number, run: (at: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const began = performance.now()
  const one = async () => {
    while (next < count) {
      await run(next++)
      // What does not wait for the disk would not let the loop turn, and its standing still would not be seen.
      await setImmediate()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, one))
  return count / ((performance.now() - began) / 1000)
}

console.log('| pieces | store | writes a second | reads a second | loop stands still: p99 | at most |')
console.log('|---|---|---|---|---|---|')
for (const kib of [4, 64, 1024]) {
  for (const [name, make] of Object.entries({ cacache: cacacheDisk, sqlite: sqliteDisk, split: splitDisk })) {
    const folder = mkdtempSync(join(values.folder, 'polycdn-disk-'))
    const disk = make(folder)
    const count = Number(values.pieces)
    const pieces = Array.from({ length: count }, () => randomBytes(kib * 1024))
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const writes = await inParallel(count, (at) => disk.put(`key ${at}`, pieces[at]!))
    const reads = await inParallel(count * 2, (at) => disk.get(`key ${(at * 7) % count}`))
    delay.disable()
    const [p99, most] = [delay.percentile(99), delay.max].map(
      (nanoseconds) => `${(nanoseconds / 1e6 - 1).toFixed(1)} ms`,
    )
    console.log(`| ${kib} KiB | ${name} | ${writes.toFixed(0)} | ${reads.toFixed(0)} | ${p99} | ${most} |`)
    disk.close()
    rmSync(folder, { recursive: true })
  }
}
