import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'
import { MAX_MANIFEST } from './envelope.ts'
import type { Manifest } from './manifest.ts'
import { openManifest } from './open-manifest.ts'
import { isManifestRefusal } from './refusal.ts'

/** A manifest with the bytes that it was read from. */
export interface KeptManifest {
  readonly manifest: Manifest
  readonly bytes: Buffer
}

export interface RecalledManifests {
  readonly current: KeptManifest
  readonly previous: KeptManifest | null
  /** When the current one took its place. Milliseconds since 1970. */
  readonly since: number
}

/**
 * The manifests of a site that were accepted last, in files: after a restart an older one is still refused, and the site
 * is served though the place where manifests come from does not answer.
 */
export class ManifestStore {
  readonly #current: string
  readonly #previous: string

  /** @param folder `state_dir` */
  constructor(folder: string, site: string) {
    this.#current = join(folder, `manifest-${site}.json`)
    this.#previous = join(folder, `previous-manifest-${site}.json`)
  }

  get path(): string {
    return this.#current
  }

  /** null: there is nothing, or by another key. Throws for what is no manifest any more. */
  async recall(publicKey: string): Promise<RecalledManifests | null> {
    const current = await read(this.#current, publicKey)
    if (current === null) return null
    const { mtimeMs: since } = await stat(this.#current)
    const previous = await read(this.#previous, publicKey).catch(() => null)
    return { current, previous, since }
  }

  async keep(current: Buffer, previous: Buffer | null): Promise<void> {
    if (previous !== null) await writePrivateFile(this.#previous, previous.toString('utf8'), 'new')
    await writePrivateFile(this.#current, current.toString('utf8'), 'new')
  }
}

async function read(path: string, publicKey: string): Promise<KeptManifest | null> {
  const text = await readPrivateFile(path, MAX_MANIFEST)
  if (text === null) return null
  const bytes = Buffer.from(text)
  const manifest = openManifest(bytes, publicKey)
  if (!isManifestRefusal(manifest)) return { manifest, bytes }
  if (manifest.fault === 'other-key') return null
  throw new TypeError(`the file ${manifest.message}`)
}
