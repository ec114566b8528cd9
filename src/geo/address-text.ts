const DOT = 46
const ZERO = 48

/** Four decimal octets. null for anything else, leading zeros too: to some programs they mean octal. */
export function parseIpv4(text: string): Uint8Array | null {
  if (text.length < 7 || text.length > 15) return null
  const bytes = new Uint8Array(4)
  let octet = -1
  let index = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      if (octet < 0 || index === 3) return null
      bytes[index++] = octet
      octet = -1
      continue
    }
    const digit = code - ZERO
    if (digit < 0 || digit > 9 || octet === 0) return null
    octet = octet < 0 ? digit : octet * 10 + digit
    if (octet > 255) return null
  }
  if (octet < 0 || index !== 3) return null
  bytes[3] = octet
  return bytes
}

/** The forms of RFC 4291 section 2.2: eight groups, `::` once for one or more of them, IPv4 for the last two. */
export function parseIpv6(text: string): Uint8Array | null {
  if (text.length < 2 || text.length > 45) return null
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = groups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groups(halves[1]!, true) : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const bytes = new Uint8Array(16)
  for (const [index, group] of all.entries()) {
    bytes[index * 2] = group >> 8
    bytes[index * 2 + 1] = group & 0xff
  }
  return bytes
}

/** The groups of one side of `::`. IPv4 may stand only at the very end of the address. */
function groups(text: string, atEnd: boolean): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  if (parts.length > 8) return null
  const found: number[] = []
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      found.push(Number.parseInt(part, 16))
      continue
    }
    const v4 = atEnd && index === parts.length - 1 ? parseIpv4(part) : null
    if (v4 === null) return null
    found.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!)
  }
  return found
}

/** Dotted decimal for 4 bytes, RFC 5952 for 16. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  const all = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!)
  const run = longestZeros(all)
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return hex(all)
  return `${hex(all.slice(0, run.start))}::${hex(all.slice(run.start + run.length))}`
}

/** RFC 5952 section 4.2.3: the longest run of zero groups, the first of equals. */
function longestZeros(all: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of all.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}
