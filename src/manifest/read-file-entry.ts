import { DIGEST, ManifestFile, pieceCount } from './manifest.ts'

const MAX_TYPE = 255
const MAX_REFS = 16
const MAX_REF = 1024
/** RFC 9110 section 8.3.1; what follows is a field value of visible ASCII. */
const MEDIA_TYPE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ ;][\x20-\x7e]*)?$/
const NETWORK = /^[a-z][a-z0-9-]{0,31}$/
const REFERENCE = /^[\x21-\x7e]+$/
const EMPTY: Readonly<Record<string, string>> = Object.freeze({})
const EMPTY_SHA256 = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'

/** Reads what a manifest says of one file. A text: why it cannot be. Keys have to be in the order of canonical JSON. */
export function readFileEntry(value: unknown): ManifestFile | string {
  if (!isRecord(value)) return 'it is no object'
  const { pieces, refs, sha256, size, type } = value
  if (!hasKeys(value, expectedKeys(value))) return 'its keys are not those of a file, in their order'
  if (!Number.isSafeInteger(size) || (size as number) < 0 || Object.is(size, -0)) return 'size is no number of bytes'
  if (!isMediaType(type)) return 'type is no media type'
  if (!isDigests(sha256, 1)) return 'sha256 is no SHA-256 in base64url'
  const count = pieceCount(size as number)
  if (count > 1 ? !isDigests(pieces, count) : pieces !== undefined) return `pieces are not those of ${size} bytes`
  if (count === 0 && sha256 !== EMPTY_SHA256) return 'sha256 is not that of an empty file'
  const wrong = refs === undefined ? null : refuseRefs(refs)
  if (wrong !== null) return wrong
  return new ManifestFile({
    size: size as number,
    type,
    sha256,
    pieces: (pieces as string | undefined) ?? null,
    refs: (refs as Record<string, string> | undefined) ?? EMPTY,
  })
}

export function isMediaType(type: unknown): type is string {
  return typeof type === 'string' && type.length <= MAX_TYPE && MEDIA_TYPE.test(type)
}

/** Why these are no references of a file to networks; null where they are. */
export function refuseRefs(refs: unknown): string | null {
  if (!isRecord(refs)) return 'refs is no object'
  const names = Object.keys(refs)
  if (names.length === 0 || names.length > MAX_REFS) return `refs has none, or more than ${MAX_REFS}`
  if (!names.every((name) => NETWORK.test(name)) || !isSorted(names)) return 'refs has keys that are no networks'
  const good = (ref: unknown) => typeof ref === 'string' && ref.length <= MAX_REF && REFERENCE.test(ref)
  return names.every((name) => good(refs[name])) ? null : 'refs has values that are no references'
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** In the order of UTF-16 code units, which RFC 8785 section 3.2.3 asks for, and which `<` compares by. */
export function isSorted(names: readonly string[]): boolean {
  return names.every((name, at) => at === 0 || names[at - 1]! < name)
}

/** These keys, in this order, and no others. */
export function hasKeys(value: object, keys: readonly string[]): boolean {
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key, at) => own[at] === key)
}

function expectedKeys({ pieces, refs }: Record<string, unknown>): readonly string[] {
  const optional = [...(pieces === undefined ? [] : ['pieces']), ...(refs === undefined ? [] : ['refs'])]
  return [...optional, 'sha256', 'size', 'type']
}

/** The one spelling in base64url of so many digests. */
function isDigests(text: unknown, count: number): text is string {
  if (typeof text !== 'string' || text.length !== Math.ceil((count * DIGEST * 4) / 3)) return false
  return Buffer.from(text, 'base64url').toString('base64url') === text
}
