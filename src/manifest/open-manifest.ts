import { createHash } from 'node:crypto'
import { type Envelope, MAX_MANIFEST, openEnvelope } from './envelope.ts'
import { refusePath } from './file-path.ts'
import type { Manifest, ManifestFile } from './manifest.ts'
import { isSignedBy } from './public-key.ts'
import { hasKeys, isRecord, isSorted, readFileEntry } from './read-file-entry.ts'
import { type ManifestRefusal, refuseManifest } from './refusal.ts'

const VERSION = 1
/** Files of a manifest. */
export const MAX_FILES = 500_000
const KEYS = ['created', 'expires', 'files', 'sequence', 'site', 'version']
const SITE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** RFC 3339 in UTC, to the second or the millisecond. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/
const SHOWN = 200

/**
 * Reads a manifest, which has to be signed by this key; null: by the one that it names itself, which proves that it is
 * whole, and nothing else. The signature is checked before anything is parsed.
 */
export function openManifest(bytes: Uint8Array, publicKey: string | null): Manifest | ManifestRefusal {
  if (bytes.length > MAX_MANIFEST) return refuseManifest('too-large', `is larger than ${MAX_MANIFEST / 2 ** 20} MiB`)
  const envelope = openEnvelope(bytes)
  if (envelope === null) return malformed('is no manifest')
  if (publicKey !== null && envelope.publicKey !== publicKey) {
    return refuseManifest('other-key', `is signed by another key, ${envelope.publicKey}`)
  }
  if (!isSignedBy(envelope.publicKey, envelope.signed, envelope.signature)) {
    return refuseManifest('bad-signature', 'has a signature that is not right')
  }
  return readSigned(envelope)
}

function readSigned({ signed, publicKey }: Envelope): Manifest | ManifestRefusal {
  const value = parse(signed)
  if (!isRecord(value)) return malformed('is not in canonical JSON (RFC 8785)')
  if (value.version !== VERSION) return malformed('has a version that is not known here')
  if (!hasKeys(value, KEYS)) return malformed('has keys that are not those of a manifest, in their order')
  const { site, sequence } = value
  const [created, expires] = [timeOf(value.created), timeOf(value.expires)]
  if (typeof site !== 'string' || !SITE.test(site)) return malformed('has a site that is no name')
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 1) return malformed('has a sequence that is no number')
  if (created === null || expires === null) return malformed('has times that are no times in UTC')
  const files = readFiles(value.files)
  if (!(files instanceof Map)) return files
  const id = createHash('sha256').update(signed).digest('base64url')
  return { site, sequence: sequence as number, created, expires, files, id, publicKey }
}

/**
 * undefined: this is no canonical JSON. Keys that are in order are left to who reads them; what is written again as it was
 * has no white space, no number or text in a second spelling, and no key twice. Far faster than to canonicalize it.
 */
function parse(signed: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(signed)
    const value = JSON.parse(text)
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

function readFiles(value: unknown): Map<string, ManifestFile> | ManifestRefusal {
  if (!isRecord(value)) return malformed('has no files')
  const paths = Object.keys(value)
  if (paths.length > MAX_FILES) return refuseManifest('too-large', `has more than ${MAX_FILES} files`)
  if (!isSorted(paths)) return malformed('has files that are not in their order')
  const files = new Map<string, ManifestFile>()
  for (const path of paths) {
    const entry = refusePath(path) ?? readFileEntry(value[path])
    if (typeof entry === 'string') return malformed(`has a bad file ${JSON.stringify(path.slice(0, SHOWN))}: ${entry}`)
    files.set(path, entry)
  }
  return files
}

/** Milliseconds since 1970; null: no time, or one that no calendar has. */
function timeOf(text: unknown): number | null {
  if (typeof text !== 'string' || !TIME.test(text)) return null
  const time = Date.parse(text)
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== text.slice(0, 19) ? null : time
}

function malformed(message: string): ManifestRefusal {
  return refuseManifest('malformed', message)
}
