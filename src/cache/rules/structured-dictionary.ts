/** A bare item of RFC 9651 section 3.3, as far as cache directives have any: the others are read and are `other`. */
export type Item =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'string' | 'token'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'other' }

const KEY = /[a-z*][a-z0-9_\-.*]*/y
const DECIMAL = /-?\d{1,12}\.\d{1,3}(?![\d.])/y
const INTEGER = /-?\d{1,15}(?![\d.])/y
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const WORD = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y
const DATE = /@-?\d{1,15}(?![\d.])/y
const BOOLEAN = /\?[01]/y
const SPACES = / */y
const BLANKS = /[ \t]*/y

/**
 * Parses a dictionary (RFC 9651 section 4.2.2). Of two members with one key the last counts. Inner lists are read as
 * `other`.
 *
 * @returns null where the field fails to parse: then none of it counts
 */
export function parseDictionary(text: string): Map<string, Item> | null {
  const reader = new Reader(text)
  const found = new Map<string, Item>()
  reader.take(SPACES)
  if (reader.atEnd) return found
  for (;;) {
    const key = reader.take(KEY)
    if (key === null) return null
    const item = reader.next('=') ? (reader.next('(') ? innerList(reader) : bareItem(reader)) : TRUE
    if (item === null || !parameters(reader)) return null
    found.delete(key)
    found.set(key, item)
    reader.take(BLANKS)
    if (reader.atEnd) return found
    if (!reader.next(',')) return null
    reader.take(BLANKS)
    // A comma at the end is an error: RFC 9651 section 4.2.2.
    if (reader.atEnd) return null
  }
}

const TRUE: Item = { type: 'boolean', value: true }
const OTHER: Item = { type: 'other' }

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    // Spaces at the end are discarded: RFC 9651 section 4.2.
    let end = text.length
    while (text[end - 1] === ' ') end--
    this.#text = text.slice(0, end)
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return null
    this.#at = pattern.lastIndex
    return match[0]
  }

  next(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }
}

function bareItem(reader: Reader): Item | null {
  if (reader.take(DECIMAL) !== null) return OTHER
  const integer = reader.take(INTEGER)
  if (integer !== null) return { type: 'integer', value: Number(integer) }
  const string = reader.take(STRING)
  if (string !== null) return { type: 'string', value: string.slice(1, -1).replace(/\\(.)/g, '$1') }
  const word = reader.take(WORD)
  if (word !== null) return { type: 'token', value: word }
  const boolean = reader.take(BOOLEAN)
  if (boolean !== null) return { type: 'boolean', value: boolean === '?1' }
  return reader.take(BYTES) !== null || reader.take(DATE) !== null ? OTHER : null
}

function innerList(reader: Reader): Item | null {
  for (;;) {
    reader.take(SPACES)
    if (reader.next(')')) return OTHER
    if (bareItem(reader) === null || !parameters(reader)) return null
  }
}

function parameters(reader: Reader): boolean {
  while (reader.next(';')) {
    reader.take(SPACES)
    if (reader.take(KEY) === null) return false
    if (reader.next('=') && bareItem(reader) === null) return false
  }
  return true
}
