import { basename } from 'node:path'
import { PolycdnError } from '../errors.ts'
import { hashFile } from './hash-file.ts'
import { mediaTypeOf } from './media-type.ts'
import { severalAtOnce } from './several-at-once.ts'
import type { SignedFile } from './sign-manifest.ts'
import type { FoundFile } from './walk-folder.ts'

export interface HashFolderOptions {
  /** Of texts; null: types do not say one. */
  readonly charset: string | null
  /** The file that `/docs/` shows; null: none. */
  readonly index: string | null
  /** What networks call files, by path. */
  readonly refs: Readonly<Record<string, Readonly<Record<string, string>>>>
  onBytes(bytes: number): void
}

const AT_ONCE = 4

/** What a manifest says of these files, by path; of a folder, what it says of its index. */
export async function hashFolder(
  found: readonly FoundFile[],
  { charset, index, refs, onBytes }: HashFolderOptions,
): Promise<Readonly<Record<string, SignedFile>>> {
  const names = new Set(found.map(({ path }) => path))
  const unknown = Object.keys(refs).find((path) => !names.has(path))
  if (unknown !== undefined) {
    throw new PolycdnError('manifest_invalid', `the references name ${JSON.stringify(unknown)}, which is no file`)
  }
  const files: Record<string, SignedFile> = {}
  await severalAtOnce(found, AT_ONCE, async ({ path, file }) => {
    const named = Object.hasOwn(refs, path) ? { refs: refs[path]! } : {}
    const entry = { ...(await hashFile(file, onBytes)), type: mediaTypeOf(path, charset), ...named }
    files[path] = entry
    if (basename(path) === index) files[path.slice(0, -index.length)] = entry
  })
  return files
}
