/** RFC 9110 section 5.6.2. */
const TOKEN = table((octet) => /[\w!#$%&'*+.^`|~-]/.test(String.fromCharCode(octet)))
/** RFC 9110 section 5.5: visible characters, blanks, and what is beyond ASCII. */
const VALUE = table((octet) => octet === 9 || (octet >= 32 && octet !== 127))

export const HTAB = 9
export const LF = 10
export const CR = 13
export const SPACE = 32
export const COLON = 58

/** Whether a part of these bytes may be the name of a field. */
export function isToken(bytes: Uint8Array, from: number, to: number): boolean {
  if (from === to) return false
  for (let at = from; at < to; at++) if (TOKEN[bytes[at]!] === 0) return false
  return true
}

/** Whether a part of these bytes may be the value of a field. */
export function isValue(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (VALUE[bytes[at]!] === 0) return false
  return true
}

function table(has: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (has(octet) ? 1 : 0))
}
