import { parentPort, Worker, workerData } from 'node:worker_threads'
import { IndexDamagedError, isDamage } from './index-error.ts'

/** Bytes: of what is larger only the tables are looked at that do not have bodies, which have digests of their own. */
const SMALL = 2 ** 30
const MARK = 'polycdn-check-index'

/** A look at a whole index, in a thread: it takes seconds where the index is large. */
export interface IndexCheck {
  /** What is wrong with it; null: nothing, as far as can be seen. */
  readonly found: Promise<unknown>
  stop(): void
}

/** @param path of a file that others may read and write meanwhile */
export function startIndexCheck(path: string): IndexCheck {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  let thread: Worker
  try {
    thread = new Worker(import.meta.filename, { workerData: { mark: MARK, path } })
  } catch {
    // There may be no more threads: it goes without.
    return { found: Promise.resolve(null), stop: () => {} }
  }
  thread.once('message', (what: string | null) => resolve(what === null ? null : new IndexDamagedError(what)))
  // It could not look, which says nothing of the index.
  thread.once('error', () => resolve(null))
  thread.once('exit', () => resolve(null))
  return { found: promise, stop: () => void thread.terminate() }
}

/** What is wrong with an index, in words; null: nothing. */
async function check(path: string): Promise<string | null> {
  const { DatabaseSync } = await import('node:sqlite')
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
    const read = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0]
    // One state of it, whatever others write.
    database.exec('BEGIN')
    const bytes = Number(read('PRAGMA page_count')) * Number(read('PRAGMA page_size'))
    for (const table of bytes <= SMALL ? ['(1)'] : ["('entries')", "('files')"]) {
      const said = read(`PRAGMA quick_check${table}`)
      if (said !== 'ok') return String(said).split('\n').at(-1)!
    }
    const sum = 'SELECT (SELECT total(bytes) FROM entries) + (SELECT total(bytes) FROM files)'
    if (read(sum) !== read('SELECT bytes FROM totals')) return 'its bytes do not add up'
    return read('SELECT 1 FROM entries WHERE bytes < 0') === undefined ? null : 'an entry has less than no bytes'
  } catch (error) {
    return isDamage(error) ? String((error as Error).message) : null
  }
}

if (workerData?.mark === MARK) parentPort!.postMessage(await check(workerData.path))
