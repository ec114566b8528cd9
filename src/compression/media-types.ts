/** A type as it is configured: `text/html`, `text/*` or everything. RFC 9110 section 8.3.1. */
export const MEDIA_TYPE = /^(?:\*\/\*|[a-z0-9][\w!#$&^.+-]*\/(?:\*|[a-z0-9][\w!#$&^.+-]*))$/i

/** Its answers are read an event at a time, and many a reader of them takes no coding: no pattern means it. */
const EVENTS = 'text/event-stream'

/** A list of media types, some of which are patterns. */
export class MediaTypes {
  readonly #exact = new Set<string>()
  /** `text/` of `text/*`. */
  readonly #groups = new Set<string>()
  readonly #everything: boolean

  /** @param listed each matches MEDIA_TYPE */
  constructor(listed: readonly string[]) {
    this.#everything = listed.includes('*/*')
    for (const type of listed) {
      if (type.endsWith('/*')) this.#groups.add(type.slice(0, -1).toLowerCase())
      else this.#exact.add(type.toLowerCase())
    }
  }

  /** Whether a Content-Type is listed; its parameters do not count. */
  has(contentType: string): boolean {
    const semicolon = contentType.indexOf(';')
    const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
    if (this.#exact.has(type)) return true
    const slash = type.indexOf('/')
    if (slash < 1 || type === EVENTS) return false
    return this.#everything || this.#groups.has(type.slice(0, slash + 1))
  }
}
