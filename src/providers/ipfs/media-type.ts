import mime from 'mime'

/** By the extension of a name: nothing else tells, and bytes are not sniffed. Text is UTF-8, as on other gateways. */
export function mediaTypeOf(name: string | undefined): string | null {
  // Without a dot all of the name would be taken for an extension.
  const type = name?.includes('.') ? mime.getType(name) : null
  return type?.startsWith('text/') || type === 'application/javascript' ? `${type}; charset=utf-8` : type
}
