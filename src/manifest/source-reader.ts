import { stat } from 'node:fs/promises'
import type { ManifestSettings } from '../config/content.ts'
import { fetchManifest, NO_VALIDATORS } from './fetch-manifest.ts'
import { readManifestFile } from './read-manifest-file.ts'

/** How often a file is looked at: what costs nothing while it is the same. Milliseconds. */
const FILE_INTERVAL = 2000
/** How often a server is asked. Milliseconds. */
const URL_INTERVAL = 60_000

/** Reads a manifest again and again, and says when it is not the one of before. */
export class SourceReader {
  /** Between two looks. Milliseconds. */
  readonly interval: number
  /** For people, without what may be secret in a URL. */
  readonly name: string
  readonly #location: ManifestSettings['source']
  #validators = NO_VALIDATORS
  #version = ''

  constructor(location: ManifestSettings['source']) {
    this.#location = location
    this.interval = 'file' in location ? FILE_INTERVAL : URL_INTERVAL
    this.name = 'file' in location ? location.file : withoutSecrets(location.url)
  }

  /** null: it is the one of before. Throws an Error that says why it cannot be read. */
  async read(stop: AbortSignal): Promise<Buffer | null> {
    if ('file' in this.#location) return this.#readFile(this.#location.file)
    const fetched = await fetchManifest(this.#location.url, this.#validators, stop)
    if (fetched === null) return null
    this.#validators = fetched.validators
    return fetched.bytes
  }

  async #readFile(path: string): Promise<Buffer | null> {
    const version = await versionOf(path)
    if (version !== null && version === this.#version) return null
    const bytes = await readManifestFile(path)
    // What was written meanwhile is found at the next look.
    this.#version = version ?? ''
    return bytes
  }
}

/** Changes whenever a file may have changed, whatever way it was replaced; null: there is none. */
async function versionOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null)
  return found === null ? null : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
}

function withoutSecrets(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? 'a URL that is none' : parsed.origin + parsed.pathname
}
