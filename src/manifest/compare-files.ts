import type { ManifestFile } from './manifest.ts'

export interface Difference {
  readonly path: string
  /** `missing` and `extra` are said of what is compared with the manifest. */
  readonly kind: 'missing' | 'extra' | 'different'
  readonly detail: string | null
}

/** How files differ from those of a manifest. Of a folder, the manifest has to say what it says of its index. */
export function compareFiles(
  expected: ReadonlyMap<string, ManifestFile>,
  found: ReadonlyMap<string, Pick<ManifestFile, 'size' | 'sha256'>>,
  index: string | null,
): readonly Difference[] {
  const differences: Difference[] = []
  for (const [path, file] of expected) {
    const other = found.get(path.endsWith('/') && index !== null ? path + index : path)
    if (other === undefined) differences.push({ path, kind: 'missing', detail: null })
    else if (other.sha256 !== file.sha256) differences.push({ path, kind: 'different', detail: sizes(file, other) })
  }
  for (const path of found.keys()) {
    if (!expected.has(path)) differences.push({ path, kind: 'extra', detail: null })
  }
  return differences
}

function sizes(expected: { readonly size: number }, found: { readonly size: number }): string {
  const same = expected.size === found.size
  return same ? 'the same size, other bytes' : `${found.size} bytes instead of ${expected.size}`
}
