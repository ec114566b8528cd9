import { parseArgs } from 'node:util'
import { type Manifest, pieceCount } from '../../manifest/manifest.ts'
import { isPublicKeyText } from '../../manifest/public-key.ts'
import { printableJson } from '../printable-json.ts'
import type { Command } from '../shell.ts'
import { readGivenManifest } from './given-manifest.ts'
import { usage } from './usage.ts'

const OPTIONS = { 'public-key': { type: 'string' }, json: { type: 'boolean', default: false } } as const

/** `polycdn manifest show`: what a manifest says, of all or of one path. */
export const show: Command = async (args, shell) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const [from, path] = positionals
  const key = values['public-key'] ?? null
  if (from === undefined || positionals.length > 2) return usage('manifest show needs a file or URL', shell)
  if (key !== null && !isPublicKeyText(key)) return usage('--public-key takes ed25519: and 43 characters', shell)
  const manifest = await readGivenManifest(from, key)
  const shown = path === undefined ? summaryOf(manifest) : fileOf(manifest, path)
  if (shown === null) {
    shell.err(`polycdn: the manifest has no ${JSON.stringify(path)}`)
    return 1
  }
  if (values.json) shell.out(printableJson(shown))
  else for (const [name, value] of Object.entries(shown)) shell.out(`${`${name}:`.padEnd(12)}${textOf(value)}`)
  return 0
}

function summaryOf({ site, sequence, created, expires, files, publicKey }: Manifest): object {
  const all = [...files.values()]
  const networks = new Set(all.flatMap(({ refs }) => Object.keys(refs)))
  return {
    site,
    sequence,
    created: new Date(created).toISOString(),
    expires: new Date(expires).toISOString(),
    expired: expires <= Date.now(),
    paths: files.size,
    bytes: all.reduce((sum, { size }) => sum + size, 0),
    networks: [...networks].sort(),
    public_key: publicKey,
  }
}

function fileOf({ files }: Manifest, path: string): object | null {
  const file = files.get(path)
  if (file === undefined) return null
  const { size, type, sha256, refs } = file
  return { path, size, type, sha256, pieces: pieceCount(size), refs }
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  const parts = Object.entries(value).map(([name, text]) => `${name} ${text}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
