import { dirname, resolve } from 'node:path'
import { parseDenylist } from '../providers/index.ts'
import { checkCertificates, checkKey, checkRsaKey } from './check-pem.ts'
import { checkServiceAccount } from './check-service-account.ts'
import type { NamedFile } from './compile.ts'
import { decodeUtf8 } from './decode.ts'
import type { Environment } from './interpolate.ts'
import { type FileReference, namedFiles } from './named-files.ts'
import { MAX_TEXT, parseConfig } from './parse.ts'
import type { Locate } from './parsed.ts'
import type { Problem } from './problem.ts'
import { readFile } from './read-file.ts'
import type { Config } from './schema/index.ts'
import type { Snapshot } from './snapshot.ts'
import { type ConfigSource, compileSource } from './source.ts'

/** A certificate bundle of all public authorities is a quarter of it. */
const MAX_NAMED_FILE = 1024 * 1024
/** The lists that operators share have a few MB. */
const MAX_DENY_LIST = 32 * 1024 * 1024
/** UTF-8 takes up to three bytes for a UTF-16 unit. */
const MAX_FILE = 3 * MAX_TEXT

interface Read {
  /** Absolute paths of the configuration and the files that it names: what to watch. */
  readonly files: readonly string[]
  /** SHA-256 of what was read, by path: what {@link watchFiles} compares with. */
  readonly hashes: ReadonlyMap<string, string>
}

export type LoadResult = Read &
  (
    | {
        readonly snapshot: Snapshot
        readonly warnings: readonly Problem[]
        readonly locate: Locate
        /** What the snapshot was made of. */
        readonly source: ConfigSource
      }
    | { readonly problems: readonly Problem[] }
  )

/**
 * Reads a configuration file and the files that it names, relative to its folder, and compiles them. Everything that is
 * wrong comes back as problems with their places; nothing is thrown.
 */
export async function loadConfig(path: string, env: Environment): Promise<LoadResult> {
  const absolute = resolve(path)
  const at = (message: string, place = { line: 1, column: 1 }): Problem => {
    return { file: path, ...place, path: '', message, severity: 'error' }
  }
  const read = await readFile(absolute, MAX_FILE)
  const alone = { files: [absolute], hashes: new Map('hash' in read ? [[absolute, read.hash]] : []) }
  if ('refused' in read) return { ...alone, problems: [at(`the configuration cannot be read: ${read.refused}`)] }
  const text = decodeUtf8(read.bytes)
  if (typeof text !== 'string') {
    const place = placeAfter(read.bytes.subarray(0, text.validBytes))
    return { ...alone, problems: [at('a byte here is not UTF-8', place)] }
  }
  const parsed = parseConfig(text, path, env)
  if ('problems' in parsed) return { ...alone, problems: parsed.problems }
  const { config, warnings, locate } = parsed
  const named = await readNamedFiles(config, dirname(absolute), locate)
  const files = [absolute, ...named.hashes.keys()]
  const hashes = new Map([...alone.hashes, ...named.hashes])
  if (named.problems.length > 0) return { files, hashes, problems: [...named.problems, ...warnings] }
  const source: ConfigSource = { path, text, files: named.contents }
  return { files, hashes, snapshot: compileSource(config, source), warnings, locate, source }
}

function placeAfter(bytes: Uint8Array): { line: number; column: number } {
  const before = new TextDecoder().decode(bytes, { stream: true })
  const lines = before.split('\n')
  return { line: lines.length, column: lines.at(-1)!.length + 1 }
}

interface NamedFiles {
  /** By the name in the configuration. */
  readonly contents: ReadonlyMap<string, NamedFile>
  /** By absolute path; empty for what could not be read. */
  readonly hashes: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

async function readNamedFiles(config: Config, folder: string, locate: Locate): Promise<NamedFiles> {
  const contents = new Map<string, NamedFile>()
  const hashes = new Map<string, string>()
  const problems: Problem[] = []
  const references = namedFiles(config)
  for (const { name, path, kind } of references) {
    if (contents.has(name)) continue
    const most = kind === 'deny-list' ? MAX_DENY_LIST : MAX_NAMED_FILE
    const read = await readFile(resolve(folder, name), most)
    hashes.set(resolve(folder, name), 'hash' in read ? read.hash : '')
    if ('hash' in read) contents.set(name, { text: read.bytes.toString('utf8'), hash: read.hash })
    else problems.push({ ...locate(path), path, message: `cannot be read: ${read.refused}`, severity: 'error' })
  }
  for (const reference of references) {
    const message = checkContents(reference, contents)
    if (message !== null) problems.push({ ...locate(reference.path), path: reference.path, message, severity: 'error' })
  }
  return { contents, hashes, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) }
}

function checkContents(reference: FileReference, contents: ReadonlyMap<string, NamedFile>): string | null {
  const file = contents.get(reference.name)
  if (file === undefined) return null
  if (reference.kind === 'deny-list') return checkDenyList(file.text)
  if (reference.kind === 'certificates') return checkCertificates(file.text)
  if (reference.kind === 'rsa-key') return checkRsaKey(file.text)
  if (reference.kind === 'service-account') return checkServiceAccount(file.text)
  const certificates = reference.certificate === undefined ? undefined : contents.get(reference.certificate)?.text
  return checkKey(file.text, certificates)
}

/** A rule that is not understood is one that does not hold. */
function checkDenyList(text: string): string | null {
  const [problem] = parseDenylist(text).problems
  return problem === undefined ? null : `line ${problem.line} of the file is no rule: ${problem.message}`
}
