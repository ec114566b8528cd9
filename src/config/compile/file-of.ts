import type { NamedFile } from '../compile.ts'

/** What is in a file that the configuration names. All of them were read before compile. */
export function fileOf(name: string, files: ReadonlyMap<string, NamedFile>): NamedFile {
  const file = files.get(name)
  if (file === undefined) throw new TypeError('a file that the configuration names was not read before compile')
  return file
}
