/**
 * The members of a list (RFC 9110 section 5.6.1), without the blanks around them; empty ones do not count. Commas in
 * quoted strings separate nothing (section 5.6.4).
 */
export function members(value: string): string[] {
  if (!value.includes('"')) return value.split(',').map(trimBlanks).filter(isThere)
  const list: string[] = []
  let from = 0
  let quoted = false
  for (let at = 0; at <= value.length; at++) {
    const character = value[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (at >= value.length || (character === ',' && !quoted)) {
      list.push(trimBlanks(value.slice(from, at)))
      from = at + 1
    }
  }
  return list.filter(isThere)
}

/**
 * Optional white space is spaces and tabs, nothing else (RFC 9110 section 5.6.3). No pattern: one for the end looks at
 * many blanks in the middle again from each of them, and a client would send 15 KiB of them.
 */
export function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

function isThere(member: string): boolean {
  return member !== ''
}

const QUOTED = /^"((?:[^"\\]|\\.)*)"$/

/** What a quoted string says (RFC 9110 section 5.6.4), or the text itself where it is none. */
export function unquoted(text: string): string {
  const match = QUOTED.exec(text)
  return match === null ? text : match[1]!.replace(/\\(.)/g, '$1')
}
