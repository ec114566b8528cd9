import { PolycdnError } from '../errors.ts'

/**
 * Fields of which a second line has no meaning (RFC 9110 section 5.3), and of which one recipient takes the first and
 * another the last. Host has its own rule.
 */
const SINGLETONS = [
  'authorization',
  'content-length',
  'content-type',
  'expect',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'range',
]
/** A bit each: what a request has is a number then, and costs no allocation. */
const BITS = new Map(SINGLETONS.map((name, index) => [name, 1 << index]))

/**
 * What Connection may not name (RFC 9110 section 7.6.1): it is meant for every recipient, and whoever looks before us saw
 * a request that had it.
 */
const FOR_EVERYONE = new Set(['authorization', 'content-length', 'content-type', 'cookie', 'host', 'range'])

/**
 * What is wrong with the header fields of a request, one by one, where a parser sees nothing wrong.
 *
 * @param rawHeaders a flat list of names and values as received
 */
export function fieldProblem(rawHeaders: readonly string[]): PolycdnError | null {
  let seen = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    const value = rawHeaders[i + 1]!
    const bit = BITS.get(name) ?? 0
    if ((seen & bit) !== 0) return new PolycdnError('bad_request', `there is more than one ${name}`)
    seen |= bit
    if (name === 'content-length' && !/^(?:0|[1-9]\d*)$/.test(value)) {
      return new PolycdnError('bad_request', 'the Content-Length is no plain decimal number')
    }
    if (name === 'connection' && namesWhatIsForEveryone(value)) {
      return new PolycdnError('bad_request', 'Connection names a field that is not for one connection')
    }
  }
  return null
}

function namesWhatIsForEveryone(connection: string): boolean {
  const names = connection.toLowerCase().split(',')
  return names.some((name) => FOR_EVERYONE.has(name.trim()))
}
