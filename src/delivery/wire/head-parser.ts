import { COLON, CR, HTAB, isToken, isValue, LF, SPACE } from './octets.ts'

/** Bytes of the head of an answer, and of the trailers behind it. */
export const MAX_HEADER_SIZE = 64 * 1024

/** The head of an answer as it came: nothing is judged but its grammar. */
export interface WireHead {
  readonly status: number
  /** Of HTTP/1. */
  readonly minor: 0 | 1
  /** A flat list of names and values. */
  readonly rawHeaders: Buffer[]
}

/** `more`: it is not complete; `bad`: it is none. */
export type ParsedHead = WireHead | 'more' | 'bad'

/** `HTTP/1.1 200`, behind which a space and a reason may follow. */
const STATUS_LENGTH = 12
const VERSION = Buffer.from('HTTP/1.')

/**
 * Reads the head of an answer (RFC 9112 sections 2.2, 4 and 5), in as many parts as it comes. As strict as a recipient may
 * be: lines end with CR LF, nothing is folded, no white space is forgiven. The bytes are copied, and may be overwritten.
 */
export class HeadParser {
  /** Where in the last part of an answer its head ended. */
  end = 0
  /** What came before this part, with room for more. */
  #kept: Buffer | null = null
  #length = 0
  /** Where the line that is not complete begins, and how far it was looked through for its end. */
  #line = 0
  #searched = 0
  #status = 0
  #minor: 0 | 1 = 1
  /** Where names and values begin and end: four numbers a field. */
  #fields: number[] = []

  /** @param from where in these bytes the part begins */
  feed(bytes: Buffer, from: number): ParsedHead {
    // A view of what came is made only where that is not all: most heads come in one part.
    const before = this.#length
    const all = before === 0 ? (from === 0 ? bytes : bytes.subarray(from)) : this.#append(bytes, from)
    const found = this.#read(all)
    if (found === 'more') {
      if (all.length > MAX_HEADER_SIZE) return 'bad'
      if (before === 0) this.#append(all, 0)
      return this.#mayBecomeOne(all) ? 'more' : 'bad'
    }
    if (found !== 'bad') this.end = from + this.#line - before
    this.#reset()
    return found
  }

  #append(bytes: Buffer, from: number): Buffer {
    // A byte more than the limit is enough to see that there is more.
    const added = Math.min(bytes.length - from, MAX_HEADER_SIZE + 1 - this.#length)
    const length = this.#length + added
    if (this.#kept === null || this.#kept.length < length) {
      const roomier = Buffer.allocUnsafe(Math.min(Math.max(2 * length, 1024), MAX_HEADER_SIZE + 1))
      this.#kept?.copy(roomier, 0, 0, this.#length)
      this.#kept = roomier
    }
    bytes.copy(this.#kept, this.#length, from, from + added)
    this.#length = length
    return this.#kept.subarray(0, length)
  }

  #read(bytes: Buffer): ParsedHead {
    for (;;) {
      const lf = bytes.indexOf(LF, this.#searched)
      if (lf === -1) {
        this.#searched = bytes.length
        return 'more'
      }
      const [from, to] = [this.#line, lf - 1]
      if (to < from || bytes[to] !== CR || lf >= MAX_HEADER_SIZE) return 'bad'
      this.#line = lf + 1
      this.#searched = lf + 1
      if (this.#status === 0) {
        if (!this.#readStatus(bytes, to)) return 'bad'
      } else if (from === to) return this.#head(bytes.subarray(0, from))
      else if (!this.#readField(bytes, from, to)) return 'bad'
    }
  }

  /** RFC 9112 section 4. The reason may be missing with its space, and be anything else but a line: nobody reads it. */
  #readStatus(bytes: Buffer, to: number): boolean {
    if (to < STATUS_LENGTH || bytes.compare(VERSION, 0, 7, 0, 7) !== 0) return false
    const minor = bytes[7]! - 48
    if ((minor !== 0 && minor !== 1) || bytes[8] !== SPACE) return false
    let status = 0
    for (let at = 9; at < STATUS_LENGTH; at++) {
      const digit = bytes[at]! - 48
      if (digit < 0 || digit > 9) return false
      status = 10 * status + digit
    }
    if (to > STATUS_LENGTH && bytes[STATUS_LENGTH] !== SPACE) return false
    const cr = bytes.indexOf(CR)
    this.#minor = minor
    this.#status = status
    return cr === to && status >= 100
  }

  #readField(bytes: Buffer, from: number, to: number): boolean {
    const colon = bytes.indexOf(COLON, from)
    if (colon === -1 || colon > to || !isToken(bytes, from, colon)) return false
    let [first, last] = [colon + 1, to]
    while (first < last && isBlank(bytes[first]!)) first++
    while (last > first && isBlank(bytes[last - 1]!)) last--
    this.#fields.push(from, colon, first, last)
    return isValue(bytes, first, last)
  }

  #head(bytes: Buffer): WireHead {
    const owned = this.#length === 0 ? Buffer.from(bytes) : bytes
    const fields = this.#fields
    const rawHeaders = new Array<Buffer>(fields.length / 2)
    for (let i = 0; i < rawHeaders.length; i++) rawHeaders[i] = owned.subarray(fields[2 * i], fields[2 * i + 1])
    return { status: this.#status, minor: this.#minor, rawHeaders }
  }

  /** What is no HTTP at all shall not be waited for: it may never have a line. */
  #mayBecomeOne(bytes: Buffer): boolean {
    const length = Math.min(bytes.length, VERSION.length)
    return bytes.compare(VERSION, 0, length, 0, length) === 0
  }

  #reset(): void {
    this.#kept = null
    this.#length = 0
    this.#line = 0
    this.#searched = 0
    this.#status = 0
    this.#fields = []
  }
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === HTAB
}
