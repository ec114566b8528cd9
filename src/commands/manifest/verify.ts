import { parseArgs } from 'node:util'
import { parseDuration } from '../../config/values/duration.ts'
import { compilePathGlob } from '../../config/values/path-glob.ts'
import { compareFiles, type Difference } from '../../manifest/compare-files.ts'
import { hashFolder } from '../../manifest/hash-folder.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { pathWithin } from '../../manifest/path-within.ts'
import { isPublicKeyText } from '../../manifest/public-key.ts'
import { verifySite } from '../../manifest/verify-site.ts'
import { walkFolder } from '../../manifest/walk-folder.ts'
import { printableJson } from '../printable-json.ts'
import { Progress } from '../progress.ts'
import type { Command, Shell } from '../shell.ts'
import { isUrl, readGivenManifest } from './given-manifest.ts'
import { usage } from './usage.ts'

const OPTIONS = {
  manifest: { type: 'string', short: 'm' },
  'public-key': { type: 'string' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  index: { type: 'string', default: 'index.html' },
  concurrency: { type: 'string', default: '8' },
  timeout: { type: 'string', default: '120s' },
  json: { type: 'boolean', default: false },
} as const

/** Lines of differences without `--json`. */
const SHOWN = 100

type Values = ReturnType<typeof parse>['values']

/** `polycdn manifest verify`: whether a folder or a site is what its manifest says. */
export const verify: Command = async (args, shell) => {
  const { values, positionals } = parse(args)
  const [subject] = positionals
  if (subject === undefined || positionals.length > 1 || values.manifest === undefined) {
    return usage('manifest verify needs a folder or URL, and --manifest FILE or URL', shell)
  }
  const wrong = refuseValues(values, subject)
  if (wrong !== null) return usage(wrong, shell)
  const manifest = await readGivenManifest(values.manifest, values['public-key'] ?? null)
  if (values['public-key'] === undefined) {
    shell.err(`polycdn: signed by ${manifest.publicKey}; --public-key says who should have`)
  }
  const expired = manifest.expires <= Date.now()
  const find = isUrl(subject) ? differencesOfSite : differencesOfFolder
  const differences = await find(subject, manifest, values, shell)
  if (values.json) shell.out(printableJson(describe(manifest, expired, differences)))
  else report(manifest, expired, differences, shell)
  return expired || differences.length > 0 ? 1 : 0
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true })
}

function refuseValues(values: Values, subject: string): string | null {
  const { 'public-key': key, concurrency, timeout, exclude } = values
  if (key !== undefined && !isPublicKeyText(key)) return '--public-key takes ed25519: and 43 characters'
  if (!/^(?:[1-9]|[1-5]\d|6[0-4])$/.test(concurrency)) return '--concurrency takes a number from 1 to 64'
  const milliseconds = parseDuration(timeout)
  if (milliseconds === undefined || milliseconds < 1 || milliseconds > 3_600_000) return '--timeout takes 1ms to 1h'
  if (!exclude.every((glob) => compilePathGlob(glob) instanceof RegExp)) return '--exclude takes patterns of paths'
  return isUrl(subject) && !URL.canParse(subject) ? 'the site is no URL' : null
}

async function differencesOfFolder(folder: string, { files }: Manifest, values: Values, shell: Shell) {
  const globs = values.exclude.map((glob) => compilePathGlob(glob) as RegExp)
  const own = await pathWithin(folder, values.manifest!)
  const found = await walkFolder(folder, (path) => path === own || globs.some((glob) => glob.test(path)))
  const size = found.reduce((sum, file) => sum + file.size, 0)
  const progress = progressOf(size, shell)
  const onBytes = (bytes: number) => progress?.add(bytes, found.length)
  const hashed = await hashFolder(found, { charset: null, index: null, refs: {}, onBytes })
  progress?.end()
  return compareFiles(files, new Map(Object.entries(hashed)), values.index === 'none' ? null : values.index)
}

async function differencesOfSite(url: string, manifest: Manifest, values: Values, shell: Shell) {
  const size = [...manifest.files.values()].reduce((sum, file) => sum + file.size, 0)
  const progress = progressOf(size, shell)
  let done = 0
  const differences = await verifySite(manifest, {
    base: url.replace(/\/+$/, ''),
    atOnce: Number(values.concurrency),
    timeout: parseDuration(values.timeout)!,
    onBytes: (bytes) => progress?.add(bytes, done),
    onFile: () => {
      done++
    },
  })
  progress?.end()
  return differences
}

function progressOf(size: number, { terminal }: Shell): Progress | null {
  return terminal === undefined ? null : new Progress('files', size, terminal, Date.now)
}

function report({ site, sequence, files }: Manifest, expired: boolean, all: readonly Difference[], shell: Shell): void {
  for (const { kind, path, detail } of all.slice(0, SHOWN)) {
    shell.out(`${kind.padEnd(9)}  ${path}${detail === null ? '' : `  (${detail})`}`)
  }
  if (all.length > SHOWN) shell.out(`and ${all.length - SHOWN} more`)
  if (expired) shell.out('the manifest has expired')
  const sum = all.length === 0 ? 'all as signed' : `${all.length} not as signed`
  shell.out(`${site}, sequence ${sequence}: ${files.size} paths, ${sum}`)
}

function describe({ site, sequence, files }: Manifest, expired: boolean, differences: readonly Difference[]): object {
  return { ok: !expired && differences.length === 0, site, sequence, paths: files.size, expired, differences }
}
