import type { KeyObject } from 'node:crypto'
import { parseArgs } from 'node:util'
import { compilePathGlob } from '../../config/values/path-glob.ts'
import { PolycdnError } from '../../errors.ts'
import { hashFolder } from '../../manifest/hash-folder.ts'
import { openManifest } from '../../manifest/open-manifest.ts'
import { pathWithin } from '../../manifest/path-within.ts'
import { publicKeyOf } from '../../manifest/private-key.ts'
import { isManifestRefusal } from '../../manifest/refusal.ts'
import { type SignedContent, signManifest } from '../../manifest/sign-manifest.ts'
import { walkFolder } from '../../manifest/walk-folder.ts'
import { writeWhole } from '../../manifest/write-whole.ts'
import { Progress } from '../progress.ts'
import type { Command, Shell } from '../shell.ts'
import { readPrevious } from './previous.ts'
import { readReferences } from './references.ts'
import { readSigningKey } from './signing-key.ts'
import { isoSeconds, parseTimeOption } from './time-option.ts'
import { usage } from './usage.ts'

const OPTIONS = {
  key: { type: 'string' },
  out: { type: 'string', short: 'o' },
  site: { type: 'string' },
  sequence: { type: 'string' },
  created: { type: 'string' },
  expires: { type: 'string', default: '365d' },
  refs: { type: 'string' },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  index: { type: 'string', default: 'index.html' },
  charset: { type: 'string', default: 'utf-8' },
} as const

type Values = ReturnType<typeof parse>['values']

/** `polycdn manifest build`: signs what is in a folder. */
export const build: Command = async (args, shell) => {
  const { values, positionals } = parse(args)
  const [folder] = positionals
  if (folder === undefined || positionals.length > 1 || values.key === undefined || values.out === undefined) {
    return usage('manifest build needs a folder, --key FILE and --out FILE', shell)
  }
  const wrong = refuseValues(values)
  if (wrong !== null) return usage(wrong, shell)
  const key = await readSigningKey(values.key, shell)
  const head = await headOf(values, values.out, key)
  const files = await filesOf(folder, values, shell)
  const content: SignedContent = { version: 1, ...head, files }
  await write(values.out, content, key)
  const count = Object.keys(files).length
  shell.out(`${values.out}: ${content.site}, sequence ${content.sequence}, ${count} paths, until ${content.expires}`)
  return 0
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true })
}

function refuseValues({ sequence, created, expires, exclude, charset, index }: Values): string | null {
  if (sequence !== undefined && !/^[1-9]\d{0,14}$/.test(sequence))
    return '--sequence takes a number of at most 15 digits'
  if (created !== undefined && parseTimeOption(created, 0) === null) return '--created takes a time in UTC'
  if (parseTimeOption(expires, 0) === null) return '--expires takes 90d or a time in UTC'
  const glob = exclude.find((pattern) => !(compilePathGlob(pattern) instanceof RegExp))
  if (glob !== undefined) return `--exclude takes a pattern such as /drafts/*, not ${JSON.stringify(glob)}`
  if (!/^[A-Za-z0-9._-]{1,40}$/.test(charset)) return '--charset takes a name, or none'
  return index.includes('/') ? '--index takes the name of a file, or none' : null
}

/** All but the files. The one before says which site it is, and how far its sequence has come. */
async function headOf(
  { site: named, sequence, created: at, expires }: Values,
  out: string,
  key: KeyObject,
): Promise<Omit<SignedContent, 'version' | 'files'>> {
  const previous = await readPrevious(out, publicKeyOf(key), sequence !== undefined)
  const site = named ?? previous?.site
  const refuse = (why: string) => new PolycdnError('manifest_invalid', why)
  if (site === undefined) throw refuse(`say which site it is with --site NAME: ${out} does not tell`)
  if (previous !== null && previous.site !== site) throw refuse(`${out} is that of the site ${previous.site}`)
  const created = at ?? isoSeconds(Date.now())
  return {
    site,
    sequence: sequence === undefined ? (previous?.sequence ?? 0) + 1 : Number(sequence),
    created,
    expires: parseTimeOption(expires, Date.parse(created))!,
  }
}

async function filesOf(folder: string, values: Values, shell: Shell): Promise<SignedContent['files']> {
  const { exclude, charset, index } = values
  const refs = values.refs === undefined ? {} : await readReferences(values.refs)
  const globs = exclude.map((pattern) => compilePathGlob(pattern) as RegExp)
  const own = await pathWithin(folder, values.out!)
  const leaveOut = (path: string) => path === own || globs.some((glob) => glob.test(path))
  const found = await walkFolder(folder, leaveOut)
  const size = found.reduce((sum, file) => sum + file.size, 0)
  const progress = shell.terminal === undefined ? null : new Progress('files', size, shell.terminal, Date.now)
  const files = await hashFolder(found, {
    charset: charset === 'none' ? null : charset,
    index: index === 'none' ? null : index,
    refs,
    onBytes: (bytes) => progress?.add(bytes, found.length),
  })
  progress?.end()
  return files
}

async function write(out: string, content: SignedContent, key: KeyObject): Promise<void> {
  const bytes = signManifest(content, key)
  // What no gateway would take is not written: a bad site name, more than may be.
  const opened = openManifest(bytes, publicKeyOf(key))
  if (isManifestRefusal(opened)) throw new PolycdnError('manifest_invalid', `the manifest ${opened.message}`)
  await writeWhole(out, bytes).catch((error: NodeJS.ErrnoException) => {
    throw new PolycdnError('manifest_invalid', `${out}: it cannot be written (${error.code})`)
  })
}
