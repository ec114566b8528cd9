/** Longer values are cut: an upstream may send 64 KiB of ETag. */
const MAX_SHOWN = 60
/** Control characters, C1 among them, and what is no ASCII but for our own signs. */
const UNPRINTABLE = /[^\x20-\x7e…–·→↓✗]/gu

/** What an upstream sent, fit for a terminal: nothing in it can move a cursor, and it is short. */
export function shown(value: string, max: number = MAX_SHOWN): string {
  const cut = value.length > max ? `${value.slice(0, max - 1)}…` : value
  return cut.replace(UNPRINTABLE, (character) => `\\x${character.codePointAt(0)!.toString(16).padStart(2, '0')}`)
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
