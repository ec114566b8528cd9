import { PolycdnError } from '../../errors.ts'
import { isRecord, refuseRefs } from '../../manifest/read-file-entry.ts'
import { readManifestFile } from '../../manifest/read-manifest-file.ts'

type References = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Reads `{"/index.html": {"ipfs": "bafy…"}}`: what networks call files, as the tools that upload them tell. */
export async function readReferences(path: string): Promise<References> {
  const refuse = (why: string) => new PolycdnError('manifest_invalid', `${path}: ${why}`)
  const bytes = await readManifestFile(path).catch((error: Error) => {
    throw refuse(error.message)
  })
  const value = parse(bytes)
  if (!isRecord(value)) throw refuse('it is no JSON object of references by path')
  const references: Record<string, Record<string, string>> = {}
  for (const [file, refs] of Object.entries(value)) {
    const sorted = isRecord(refs) ? Object.fromEntries(Object.entries(refs).sort(([a], [b]) => (a < b ? -1 : 1))) : refs
    const wrong = refuseRefs(sorted)
    if (wrong !== null) throw refuse(`${JSON.stringify(file)}: ${wrong}`)
    references[file] = sorted as Record<string, string>
  }
  return references
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}
