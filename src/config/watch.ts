import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readFile } from './read-file.ts'

const LIMIT = 4 * 1024 * 1024
/** SHA-256 of nothing. */
const EMPTY = createHash('sha256').digest('hex')

export interface WatchOptions {
  /** How long to wait for a burst of writes to end. Milliseconds. */
  readonly settle?: number
  /** How often to look without being told: events get lost on network file systems, and folders are replaced. */
  readonly poll?: number
  /** SHA-256 of the contents that are in use, by path. A file without one is taken as it is found. */
  readonly hashes?: ReadonlyMap<string, string>
}

export interface FileWatcher {
  /** Watches these files instead of those before. */
  watch(files: readonly string[], hashes?: ReadonlyMap<string, string>): void
  close(): void
}

/**
 * Calls back when the contents of a file change, whatever way it is done: written in place, replaced by renaming, or by
 * the swap of a symbolic link above it, as Kubernetes updates a ConfigMap. Folders are watched, not files, since a
 * watched file that is replaced says nothing any more; hashes are compared, so that a touch is no change.
 */
export function watchFiles(files: readonly string[], onChange: () => void, options: WatchOptions = {}): FileWatcher {
  const watcher = new Watcher(onChange, options)
  watcher.watch(files, options.hashes)
  return watcher
}

interface WatchedFolder {
  readonly watcher: FSWatcher
  /** A folder that was replaced keeps its name, and its watcher says nothing any more. */
  readonly identity: string
}

class Watcher implements FileWatcher {
  readonly #onChange: () => void
  readonly #settle: number
  readonly #poll: NodeJS.Timeout
  readonly #folders = new Map<string, WatchedFolder>()
  #hashes = new Map<string, string | null>()
  #signature = ''
  #waited = false
  #pending: NodeJS.Timeout | null = null
  #checks: Promise<void> = Promise.resolve()
  #closed = false

  constructor(onChange: () => void, { settle = 100, poll = 5000 }: WatchOptions) {
    this.#onChange = onChange
    this.#settle = settle
    this.#poll = setInterval(() => this.#queue(() => this.#lookForSignature()), poll)
    this.#poll.unref()
  }

  watch(files: readonly string[], hashes?: ReadonlyMap<string, string>): void {
    const before = this.#hashes
    this.#hashes = new Map(files.map((file) => [file, hashes?.get(file) ?? before.get(file) ?? null]))
    this.#queue(async () => {
      await this.#watchFolders()
      await this.#compare()
    })
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    if (this.#pending !== null) clearTimeout(this.#pending)
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  /** One look at a time, in order. */
  #queue(task: () => Promise<void>): void {
    this.#checks = this.#checks.then(() => (this.#closed ? undefined : task())).catch(() => {})
  }

  /** The first event of a burst sets the timer and later ones do not move it, or a busy folder would hide a change. */
  #onEvent(): void {
    if (this.#pending !== null || this.#closed) return
    this.#pending = setTimeout(() => {
      this.#pending = null
      this.#queue(() => this.#lookForSignature())
    }, this.#settle)
    this.#pending.unref()
  }

  async #lookForSignature(): Promise<void> {
    const signature = await signatureOf([...this.#hashes.keys()])
    if (signature === this.#signature) return
    await this.#watchFolders()
    await this.#compare()
  }

  async #compare(): Promise<void> {
    const hashes = this.#hashes
    const signature = await signatureOf([...hashes.keys()])
    const found = new Map<string, string>()
    for (const file of hashes.keys()) {
      const read = await readFile(file, LIMIT)
      found.set(file, 'hash' in read ? read.hash : '')
    }
    const emptied = [...found].some(([file, now]) => now === EMPTY && hashes.get(file) !== EMPTY)
    if (!this.#waited && (emptied || (await signatureOf([...hashes.keys()])) !== signature)) return this.#wait()
    this.#waited = false
    this.#signature = signature
    const changed = [...found].some(([file, now]) => (hashes.get(file) ?? now) !== now)
    for (const [file, now] of found) hashes.set(file, now)
    if (changed && !this.#closed) this.#onChange()
  }

  /** Who writes in place empties the file first: half of it is no configuration. Waited for once, not for ever. */
  #wait(): void {
    this.#waited = true
    this.#signature = ''
    this.#onEvent()
  }

  async #watchFolders(): Promise<void> {
    const wanted = new Map<string, string>()
    for (const file of this.#hashes.keys()) {
      const real = await realpath(file).catch(() => file)
      for (const folder of [dirname(file), dirname(real)]) wanted.set(folder, await identityOf(folder))
    }
    if (this.#closed) return
    for (const [folder, { watcher, identity }] of this.#folders) {
      if (wanted.get(folder) === identity) continue
      watcher.close()
      this.#folders.delete(folder)
    }
    for (const [folder, identity] of wanted) if (!this.#folders.has(folder)) this.#watchFolder(folder, identity)
  }

  #watchFolder(folder: string, identity: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#onEvent())
      this.#folders.set(folder, { watcher, identity })
      // A folder that cannot be watched any more is left to the poll, which finds it when it is there again.
      watcher.on('error', () => {
        watcher.close()
        this.#folders.delete(folder)
      })
    } catch {
      // Not there, or the system has no watches left: the poll looks.
    }
  }
}

async function identityOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null)
  // A new folder may get the number of the one that it replaces.
  return found === null ? '-' : `${found.dev} ${found.ino} ${found.birthtimeNs}`
}

/** Changes whenever a file may have changed, and is cheap. */
async function signatureOf(files: readonly string[]): Promise<string> {
  const parts = files.map(async (file) => {
    const found = await stat(file, { bigint: true }).catch(() => null)
    return found === null ? '-' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
  })
  return (await Promise.all(parts)).join('\n')
}
