import { MAX_HEADER_SIZE } from './head-parser.ts'
import { COLON, CR, isToken, isValue, LF } from './octets.ts'

/** Bytes of a chunk's extensions. */
const MAX_EXTENSIONS = 4096
/** RFC 9112 section 7.1.1, without the white space that it deprecates. */
const EXTENSIONS =
  /^(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/
const SEMICOLON = 59

type State = 'first digit' | 'size' | 'extensions' | 'size end' | 'data' | 'data end' | 'data LF' | 'trailer'

/** `data`: `from` and `to` say where; `more`: all is read; `done`: the last chunk and its trailers have come. */
export type Chunked = 'data' | 'more' | 'done' | 'bad'

/**
 * Reads the chunked coding (RFC 9112 section 7.1), in as many parts as it comes. Extensions and trailers are read and
 * dropped, within bounds; a trailer that would frame the message is a lie (section 6.5.1 of RFC 9110).
 */
export class ChunkReader {
  /** Where the content is that `data` tells of. */
  from = 0
  /** Where it ends, and where reading goes on. */
  to = 0
  #state: State = 'first digit'
  /** Bytes of the chunk that have not come. */
  #left = 0
  #line = ''
  #trailers = 0

  /** Reads on behind `at`, to the end of the next piece of content or of what there is. */
  next(bytes: Buffer, at: number): Chunked {
    this.to = at
    while (this.to < bytes.length) {
      if (this.#state === 'data') return this.#takeData(bytes)
      if (this.#state === 'extensions' || this.#state === 'trailer') {
        const lf = this.#takeLine(bytes)
        if (lf === 'more' || lf === 'bad') return lf
        if (this.#state === 'extensions') {
          if (!EXTENSIONS.test(this.#line)) return 'bad'
          this.#beginData()
        } else if (this.#line === '') return 'done'
        else if (!isTrailer(this.#line)) return 'bad'
        this.#line = ''
      } else if (!this.#takeOctet(bytes[this.to++]!)) return 'bad'
    }
    return 'more'
  }

  #takeData(bytes: Buffer): 'data' {
    this.from = this.to
    this.to = Math.min(bytes.length, this.from + this.#left)
    this.#left -= this.to - this.from
    if (this.#left === 0) this.#state = 'data end'
    return 'data'
  }

  #takeOctet(octet: number): boolean {
    switch (this.#state) {
      case 'first digit':
      case 'size':
        return this.#takeDigit(octet)
      case 'size end':
        this.#beginData()
        return octet === LF
      case 'data end':
        this.#state = 'data LF'
        return octet === CR
      default:
        this.#state = 'first digit'
        return octet === LF
    }
  }

  #takeDigit(octet: number): boolean {
    const digit = digitOf(octet)
    if (digit !== -1) {
      this.#state = 'size'
      this.#left = 16 * this.#left + digit
      return Number.isSafeInteger(this.#left)
    }
    if (this.#state === 'first digit') return false
    if (octet === SEMICOLON) this.#line = ';'
    this.#state = octet === CR ? 'size end' : 'extensions'
    return octet === CR || octet === SEMICOLON
  }

  #beginData(): void {
    this.#state = this.#left === 0 ? 'trailer' : 'data'
  }

  /** Adds to the line until it is complete, and takes off its end. */
  #takeLine(bytes: Buffer): 'line' | 'more' | 'bad' {
    const lf = bytes.indexOf(LF, this.to)
    const end = lf === -1 ? bytes.length : lf + 1
    const isTrailer = this.#state === 'trailer'
    if (isTrailer) this.#trailers += end - this.to
    if (this.#trailers > MAX_HEADER_SIZE) return 'bad'
    if (!isTrailer && this.#line.length + end - this.to > MAX_EXTENSIONS) return 'bad'
    this.#line += bytes.toString('latin1', this.to, end)
    this.to = end
    if (lf === -1) return 'more'
    if (!this.#line.endsWith('\r\n')) return 'bad'
    this.#line = this.#line.slice(0, -2)
    return 'line'
  }
}

function digitOf(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48
  const letter = octet | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

function isTrailer(line: string): boolean {
  const bytes = Buffer.from(line, 'latin1')
  const colon = bytes.indexOf(COLON)
  if (colon === -1 || !isToken(bytes, 0, colon) || !isValue(bytes, colon + 1, bytes.length)) return false
  return !/^(?:content-length|transfer-encoding)$/i.test(line.slice(0, colon))
}
