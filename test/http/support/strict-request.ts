/** A request that a strict reader of RFC 9112 finds at the beginning of bytes, in latin1. */
export interface StrictRequest {
  readonly raw: string
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly content: string
}

/** Nothing wrong so far, but not all there. */
export const INCOMPLETE = 'incomplete'

/** @returns the request, INCOMPLETE, or in words what is wrong with it */
export function strictRequest(bytes: string): StrictRequest | string {
  const end = bytes.indexOf('\r\n\r\n')
  const lines = (end === -1 ? bytes : bytes.slice(0, end)).split('\r\n')
  const complete = end === -1 ? lines.slice(0, -1) : lines
  const odd = complete.find((line, at) => !(at === 0 ? REQUEST_LINE : FIELD_LINE).test(line))
  if (odd !== undefined) return `the line ${JSON.stringify(odd)}`
  if (end === -1) return INCOMPLETE
  const [, method, target] = REQUEST_LINE.exec(lines[0]!)!
  const fields = lines.slice(1).map((line) => {
    const [, name, value] = FIELD_LINE.exec(line)!
    return [name!.toLowerCase(), value!] as const
  })
  const values = (name: string) => fields.filter(([sent]) => sent === name).map(([, value]) => value)
  const host = values('host')
  if (host.length !== 1 || !HOST.test(host[0]!)) return `the Host ${JSON.stringify(host)}`
  const content = contentOf(bytes.slice(end + 4), values('content-length'), values('transfer-encoding'))
  if (typeof content === 'string') return content
  const raw = bytes.slice(0, end + 4 + content.length)
  return { raw, method: method!, target: target!, fields, content: content.text }
}

const REQUEST_LINE = /^([A-Z-]+) (\/[\x21\x22\x24-\x7e]*|\*) HTTP\/1\.1$/
const FIELD_LINE =
  /^([\w!#$%&'*+.^`|~-]+): ?((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/
const HOST = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i

interface Content {
  readonly text: string
  /** Bytes it takes with its framing. */
  readonly length: number
}

function contentOf(bytes: string, lengths: readonly string[], codings: readonly string[]): Content | string {
  if (lengths.length + codings.length > 1) return `two framings, ${lengths} and ${codings}`
  if (codings.length === 1) return codings[0] === 'chunked' ? chunksOf(bytes) : `the coding ${codings}`
  const [length = '0'] = lengths
  if (!/^(?:0|[1-9]\d{0,14})$/.test(length)) return `the length ${length}`
  return bytes.length < Number(length) ? INCOMPLETE : { text: bytes.slice(0, Number(length)), length: Number(length) }
}

function chunksOf(bytes: string): Content | string {
  let text = ''
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const line = end === -1 ? bytes.slice(at) : bytes.slice(at, end)
    if (!/^[0-9a-f]{0,8}\r?$/i.test(line)) return `the chunk size ${JSON.stringify(line.slice(0, 100))}`
    if (end === -1) return INCOMPLETE
    const size = Number.parseInt(line, 16)
    const next = end + 2 + size + 2
    if (bytes.length < next) return INCOMPLETE
    if (bytes.slice(next - 2, next) !== '\r\n') return size === 0 ? 'a trailer' : 'no line end after a chunk'
    if (size === 0) return { text, length: next }
    text += bytes.slice(end + 2, next - 2)
    at = next
  }
}
