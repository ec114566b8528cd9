import type { LogEntry, NoEntry } from './log-entry.ts'
import { LogTime } from './log-time.ts'

const SPACE = 32
const QUOTE = 34
const BACKSLASH = 92

const wrong = (why: string): NoEntry => ({ why })
const NOT_COMBINED = wrong('neither a JSON object nor a combined line')
const NO_REQUEST = wrong('no request line in it')
const NO_TIME = wrong('no time in it')
const NO_COUNT = wrong('no status and bytes in it')
const NO_HOST = wrong('no host in it: log one, or name it with --host')

/**
 * Reads lines of the combined format with a host, in front (`host[:port] client - user […`) or at the end, quoted or
 * not. Scanned by hand: a regular expression takes several times as long.
 */
export class CombinedLines {
  readonly #host: string | null
  readonly #time = new LogTime()

  /** @param host of lines that have none */
  constructor(host: string | null) {
    this.#host = host
  }

  read(line: string): LogEntry | NoEntry {
    const bracket = line.indexOf(' [')
    const close = line.indexOf('] "', bracket)
    if (bracket < 0 || close < 0) return NOT_COMBINED
    const head = readHead(line.slice(0, bracket))
    if (head === null) return NOT_COMBINED
    const time = this.#time.read(line.slice(bracket + 2, close))
    if (Number.isNaN(time)) return NO_TIME
    const requestEnd = endOfQuoted(line, close + 3)
    if (requestEnd < 0) return NO_REQUEST
    const request = readRequest(unescapeBytes(line.slice(close + 3, requestEnd)))
    if (request === null) return NO_REQUEST
    const tail = readTail(line, requestEnd + 1)
    if (tail === null) return NO_COUNT
    const host = head.host ?? tail.host ?? this.#host
    if (host === null) return NO_HOST
    const { method, target } = request
    const { bytes, referer, userAgent } = tail
    return { time, client: head.client, method, host, target, bytes, userAgent, referer, happened: null }
  }
}

/** The second of `client - user` is a hyphen, unless a host stands before: nobody has used identd for decades. */
function readHead(head: string): { readonly host: string | null; readonly client: string } | null {
  const first = head.indexOf(' ')
  const second = head.indexOf(' ', first + 1)
  if (first < 1 || second < 0) return null
  if (head.slice(first + 1, second) === '-') return { host: null, client: head.slice(0, first) }
  if (head.charCodeAt(second + 1) !== 45) return null
  return { host: head.slice(0, first), client: head.slice(first + 1, second) }
}

function readRequest(request: string): { readonly method: string; readonly target: string } | null {
  const first = request.indexOf(' ')
  const last = request.lastIndexOf(' ')
  if (first < 1 || last === first || !request.startsWith('HTTP/', last + 1)) return null
  return { method: request.slice(0, first), target: request.slice(first + 1, last) }
}

/** ` 200 1234 "referer" "agent" "host"`: of the quoted ones, any number may be missing. */
function readTail(line: string, from: number) {
  const status = line.indexOf(' ', from + 1)
  if (line.charCodeAt(from) !== SPACE || status !== from + 4) return null
  let at = status + 1
  let bytes = 0
  for (; at < line.length && line.charCodeAt(at) !== SPACE; at++) {
    const digit = line.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) bytes = bytes * 10 + digit
    else if (line[at] !== '-') return null
  }
  if (at === status + 1 || !(bytes <= Number.MAX_SAFE_INTEGER)) return null
  const texts: string[] = []
  while (at < line.length && texts.length < 3) {
    const quoted = line.charCodeAt(at + 1) === QUOTE
    const end = quoted ? endOfQuoted(line, at + 2) : endOfWord(line, at + 1)
    if (end < 0) break
    texts.push(unescapeBytes(line.slice(quoted ? at + 2 : at + 1, end)))
    at = quoted ? end + 1 : end
  }
  const [referer, userAgent, host] = texts
  return { bytes, referer: present(referer), userAgent: present(userAgent), host: present(host) }
}

function present(text: string | undefined): string | null {
  return text === undefined || text === '' || text === '-' ? null : text
}

function endOfWord(line: string, from: number): number {
  const end = line.indexOf(' ', from)
  return end < 0 ? line.length : end
}

/** Apache writes a quote as \", nginx as \x22. */
function endOfQuoted(line: string, from: number): number {
  let end = line.indexOf('"', from)
  while (end > 0 && line.charCodeAt(end - 1) === BACKSLASH) {
    let start = end - 1
    while (line.charCodeAt(start - 1) === BACKSLASH) start--
    if ((end - start) % 2 === 0) return end
    end = line.indexOf('"', end + 1)
  }
  return end
}

function unescapeBytes(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (_all, hex?: string, plain?: string) =>
    hex === undefined ? plain! : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
