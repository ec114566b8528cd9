import { ProofError } from '../proof.ts'
import { isTransactionId } from './base64url.ts'

/** The media type of a transaction whose data is a path manifest. */
export const MANIFEST_TYPE = 'application/x.arweave-manifest+json'
/** Bytes of a manifest. */
export const MAX_MANIFEST = 8 * 1024 * 1024
const MAX_PATHS = 100_000

/** The files of a site: which transaction has which path. */
export interface PathManifest {
  /** By path, without a slash at either end. */
  readonly paths: ReadonlyMap<string, string>
  /** What the site's root shows; null: nothing. */
  readonly index: string | null
  /** What is shown for every other path; null: they do not exist. */
  readonly fallback: string | null
}

type Fields = Readonly<Record<string, unknown>>

/** A manifest of version 0.1.0 or 0.2.0 out of proved bytes; throws a ProofError where they are none. */
export function parsePathManifest(bytes: Uint8Array): PathManifest {
  const manifest = asFields(parsed(bytes), 'a JSON object')
  const { version } = manifest
  if (manifest.manifest !== 'arweave/paths') throw wrong('"manifest" has to be "arweave/paths"')
  if (version !== '0.1.0' && version !== '0.2.0') throw wrong('"version" has to be 0.1.0 or 0.2.0')
  const paths = pathsOf(asFields(manifest.paths, 'an object "paths"'))
  const fallback = version === '0.1.0' || manifest.fallback === undefined ? null : idOf(manifest.fallback, 'fallback')
  return { paths, index: indexOf(manifest.index, version, paths), fallback }
}

/**
 * The transaction of a path as it is in a URL, percent-encoded and with or without slashes at its ends; null: the
 * manifest has none for it.
 */
export function resolvePath({ paths, index, fallback }: PathManifest, path: string): string | null {
  const name = decoded(path)
  if (name === null) return fallback
  const id = name === '' ? index : paths.get(name)
  return id ?? fallback
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw wrong('it is no JSON in UTF-8')
  }
}

function pathsOf(fields: Fields): ReadonlyMap<string, string> {
  const entries = Object.entries(fields)
  if (entries.length > MAX_PATHS) throw new ProofError('too-large', `a path manifest of more than ${MAX_PATHS} paths`)
  const paths = new Map<string, string>()
  for (const [path, entry] of entries) {
    const name = trimmed(path)
    if (!paths.has(name)) paths.set(name, idOf(entry, 'paths'))
  }
  return paths
}

/** Version 0.2.0 may name a transaction instead of a path. */
function indexOf(index: unknown, version: string, paths: ReadonlyMap<string, string>): string | null {
  if (index === undefined) return null
  const { path, id } = asFields(index, 'an object "index"')
  if (version === '0.2.0' && id !== undefined) return idOf(index, 'index')
  return typeof path === 'string' ? (paths.get(trimmed(path)) ?? null) : null
}

function idOf(entry: unknown, where: string): string {
  const { id } = asFields(entry, `objects in "${where}"`)
  if (!isTransactionId(id)) throw wrong(`an id in "${where}" names no transaction`)
  return id
}

function asFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(`it needs ${what}`)
  return value as Fields
}

function decoded(path: string): string | null {
  try {
    return trimmed(decodeURIComponent(path.replace(/^\//, '')))
  } catch {
    return null
  }
}

/** Not by a pattern: with many slashes in the middle of a name it would take the square of their number. */
function trimmed(path: string): string {
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  return path.slice(0, end)
}

function wrong(why: string): ProofError {
  return new ProofError('unproved', `the data is no path manifest: ${why}`)
}
