import mime from 'mime'

const UNKNOWN = 'application/octet-stream'
/** Texts, and what browsers read as text by a charset that they guess where none is told. */
const TEXT = /^text\/|^application\/(?:javascript|manifest\+json)$|\+xml$/

/** The media type of a file by its name. `charset`: of texts; null says nothing of it. */
export function mediaTypeOf(path: string, charset: string | null): string {
  const type = mime.getType(path) ?? UNKNOWN
  return charset !== null && TEXT.test(type) ? `${type}; charset=${charset}` : type
}
