/**
 * DEL, the C1 controls (terminals obey some, and NEL is one) and Unicode's line and paragraph separators: JSON lets them
 * stand, but readers that split lines by Unicode's rules would cut there.
 */
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g

/** Printable ASCII that JSON has as it is. */
const PLAIN = /^[ !#-[\]-~]*$/

/** A string in a line of JSON, with its quotes. */
export function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escaped(JSON.stringify(text))
}

/** One line of JSON, without a newline, whatever characters the strings in `value` have. */
export function jsonLine(value: object): string {
  const json = JSON.stringify(value)
  // As many bytes as characters: all ASCII, the common case, ten times cheaper to know than to search.
  if (Buffer.byteLength(json) === json.length && !json.includes('\x7f')) return json
  return escaped(json)
}

function escaped(json: string): string {
  // Outside strings JSON has none of these characters, so an escape is always legal.
  return json.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
