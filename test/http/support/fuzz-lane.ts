import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { MediaTypes } from '../../../src/compression/media-types.ts'
import type { Policy } from '../../../src/config/snapshot.ts'
import { seededRandom } from '../../helpers/random.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import type { RecordedRequest } from '../../helpers/recorded-request.ts'
import type { Scope } from '../../helpers/scope.ts'
import { type ScriptedUpstream, scriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { until, within } from '../../helpers/wait.ts'
import { cachingPolicy } from './caching.ts'
import { type Door, door } from './door.ts'
import { Fuzz } from './fuzz.ts'
import { Mutator } from './mutator.ts'
import { REQUEST_CASES } from './request-cases.ts'
import { cdn, endpoint, OUTLIER, site } from './services.ts'

export interface LaneFuzzOptions {
  readonly seed: number
  readonly connections: number
}

export interface LaneFuzzResult {
  /** Requests that the lane answered. */
  readonly short: number
  /** What differs between the gateways with and without it, in words. */
  readonly findings: readonly string[]
}

/** What is sent at once. `settles`: until it was read, and perhaps answered, nothing more is sent. */
interface Piece {
  readonly bytes: Buffer
  readonly settles: boolean
}

/** By its first letter: what is said of a path, and with how much content. */
const STORED: Readonly<Record<string, readonly [status: string, fields: string, bytes: number]>> = {
  '/small': ['200 OK', 'Content-Type: text/x', 20],
  '/text': ['200 OK', 'Content-Type: text/html\r\nETag: "a"', 3_000],
  '/large': ['200 OK', 'Content-Type: image/png\r\nX-Odd: \xe9', 100_000],
  '/none': ['200 OK', 'Content-Type: text/html', 0],
  '/no-content': ['204 No Content', 'X-A: b', -1],
  '/moved': ['301 Moved Permanently', 'Location: /small', 5],
  '/gone': ['410 Gone', 'Content-Type: text/html', 600],
  '/missing': ['404 Not Found', 'Content-Type: text/html', 600],
  '/vary': ['200 OK', 'Content-Type: text/x\r\nVary: X-A, Accept-Encoding', 30],
}

function answer({ target, method }: RecordedRequest): string {
  const path = target.split('?')[0]!
  const [status, fields, bytes] = STORED[path] ?? ['200 OK', '', path.length]
  const isStored = STORED[path] !== undefined && method !== 'POST'
  const life = `Cache-Control: ${isStored ? 'max-age=100000' : 'no-store'}`
  const head = [`HTTP/1.1 ${status}`, life, ...(fields === '' ? [] : [fields])]
  if (bytes >= 0) head.push(`Content-Length: ${bytes}`)
  return `${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : `${path} `.repeat(20_000).slice(0, Math.max(bytes, 0))}`
}

/** Milliseconds: longer than what is sent next takes. */
const SLOW = 10
const LIMITS = { headerTimeout: 5_000, idleTimeout: 5_000 }
const PLAIN_FIELDS = [
  'Accept: */*',
  'Accept-Encoding: gzip',
  'Accept-Encoding: br, gzip;q=0.5',
  'Connection: keep-alive',
  'Connection: Keep-Alive',
  'Cookie: a=b',
  'Authorization: Basic eA==',
  'Cache-Control: no-cache',
  'Cache-Control: max-age=0',
  'Cache-Control: only-if-cached',
  'Cache-Control: no-transform',
  'Range: bytes=1-3',
  'If-None-Match: "a"',
  'If-Range: "a"',
  'X-A: c',
  'X-Forwarded-Proto: https',
  'Polycdn-Debug: 1',
  'Polycdn-Cdn: edge',
  'Pragma: no-cache',
  'CDN-Loop: polycdn-test',
  'X:  \t y \t',
  'X:',
]

/** Writes connections that the lane has a part in: many plain requests, some that are not, cut wherever it pleases. */
class Plans {
  readonly #fuzz: Fuzz
  readonly #mutator: Mutator

  constructor(random: () => number) {
    this.#fuzz = new Fuzz(random)
    this.#mutator = new Mutator(
      random,
      REQUEST_CASES.map(([, , sends]) => sends),
    )
  }

  next(): Piece[] {
    const fuzz = this.#fuzz
    const pieces: Piece[] = []
    let text = ''
    const flush = (settles: boolean) => {
      if (text !== '') pieces.push({ bytes: Buffer.from(text, 'latin1'), settles })
      text = ''
    }
    for (let left = fuzz.below(12); left >= 0; left--) {
      if (fuzz.chance(0.04)) {
        // What is a request to who overlooks that it is content.
        const content = 'GET /small HTTP/1.1\r\nHost: a\r\n\r\n'
        text += `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n`
        flush(true)
        text = content
        flush(true)
      }
      const message = this.#message()
      if (fuzz.chance(0.15)) {
        const at = fuzz.below(message.length)
        text += message.slice(0, at)
        flush(fuzz.chance(0.7))
        // Without its rest the next message is a part of this one.
        if (fuzz.chance(0.7)) text += message.slice(at)
      } else text += message
      if (fuzz.chance(0.8)) flush(fuzz.chance(0.8))
    }
    flush(true)
    return pieces
  }

  #message(): string {
    const fuzz = this.#fuzz
    if (fuzz.chance(0.05)) return this.#mutator.next()
    if (fuzz.chance(0.03)) return fuzz.pick(['\r\n', '\r\n\r\n', '\n', 'x', 'BAD\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'])
    if (fuzz.chance(0.04)) return fuzz.pick(REQUEST_CASES)[2]
    const path = fuzz.chance(0.75)
      ? fuzz.pick(Object.keys(STORED))
      : fuzz.pick(['/a', '/slow', '/b?c=d', 'http://a/small'])
    const fields = Array.from({ length: fuzz.below(3) }, () => fuzz.pick(PLAIN_FIELDS))
    if (fuzz.chance(0.05)) fields.push('Content-Length: 5')
    const method = fuzz.pick(['GET', 'GET', 'GET', 'GET', 'HEAD', fuzz.pick(['POST', 'PUT', 'OPTIONS', 'PURGE'])])
    const content = fields.at(-1) === 'Content-Length: 5' ? 'hello' : ''
    // Of what is stored it would be the end.
    const target = method === 'GET' || method === 'HEAD' ? path : '/a'
    return `${[`${method} ${target} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n${content}`
  }
}

/** What a client got, without what moves with the clock, and what was written down of it. */
interface Outcome {
  readonly text: string
  readonly reset: boolean
  readonly lines: string
}

/** Sends the same to a gateway with the lane and to one without it: nobody may be able to tell which is which. */
export async function fuzzLane(scope: Scope, policy: Policy, options: LaneFuzzOptions): Promise<LaneFuzzResult> {
  const upstream = await scriptedUpstream(scope, (request) => [
    request.target === '/slow' ? setTimeout(SLOW) : '',
    answer(request),
  ])
  const [short, long] = [await open(scope, upstream, policy, true), await open(scope, upstream, policy, false)]
  const plans = new Plans(seededRandom(options.seed))
  const findings: string[] = []
  for (let nth = 0; nth < options.connections; nth++) {
    const pieces = plans.next()
    const difference = await compare(short, long, pieces)
    if (difference !== null)
      findings.push(`${difference}, connection ${nth}: ${JSON.stringify(shown(pieces))}`.slice(0, LONGEST))
  }
  return { short: short.hits, findings }
}

const TRIES = 6
const LONGEST = 4_000

/** Content that breaks its framing ends its request before or after the upstream has answered it: either will do. */
async function compare(short: Watched, long: Watched, pieces: readonly Piece[]): Promise<string | null> {
  const ones: Outcome[] = []
  const others: Outcome[] = []
  for (let nth = 0; nth < TRIES; nth++) {
    const [one, other] = await Promise.all([converse(short, pieces), converse(long, pieces)])
    ones.push(one)
    others.push(other)
    if (ones.some((each) => others.some((of) => differs(each, of) === null))) return null
  }
  return differs(ones[0]!, others[0]!)
}

interface Watched extends Door {
  readonly hits: number
}

async function open(scope: Scope, upstream: ScriptedUpstream, policy: Policy, lane: boolean): Promise<Watched> {
  const edge = endpoint(upstream.url, { cdn: cdn('edge') })
  const sites = [site({ endpoints: [edge], unsafeEndpoints: [edge], policy })]
  const opened = await door(scope, { sites, limits: LIMITS }, { lane })
  for (const path of Object.keys(STORED)) {
    for (const field of ['X-A: x', 'Accept-Encoding: gzip']) {
      const client = await rawClient(scope, opened)
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n${field}\r\nConnection: close\r\n\r\n`)
      await client.ended()
    }
  }
  await until(() => opened.services.cache.memory.size >= Object.keys(STORED).length)
  opened.services.accessLines.all.length = 0
  return Object.assign(opened, { hits: 0 })
}

async function converse(door: Watched, pieces: readonly Piece[]): Promise<Outcome> {
  const { services, listeners } = door
  let text = ''
  let reset = false
  const before = door.parsed
  const socket = connect({ port: door.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {
    reset = true
  })
  socket.on('end', () => socket.end())
  for (const { bytes, settles } of pieces) {
    if (!socket.writable) break
    socket.write(bytes)
    if (settles) for (let turns = 0; turns < 12; turns++) await new Promise(setImmediate)
  }
  socket.end()
  await within(closed, `the end of the connection that sent ${JSON.stringify(shown(pieces))}`, 20_000)
  await until(() => listeners.connections === 0 && listeners.requests === 0, { what: 'nothing to be left' })
  const records = services.accessLines.records as unknown as Record<string, unknown>[]
  Object.assign(door, { hits: door.hits + Math.max(records.length - (door.parsed - before), 0) })
  services.accessLines.all.length = 0
  // Who leaves, or sends what is no HTTP, may be gone before what came before it was begun or not.
  const told = records.filter(({ error }) => error !== 'client_gone')
  const lines = told.map(({ method, path, status, bytes, cache, error, protocol }) =>
    [method, path, status, bytes, cache, error, protocol].join(' '),
  )
  return { text: steady(text), reset, lines: lines.join('\n') }
}

function steady(text: string): string {
  return text
    .replace(/^(age: |date: ).*$/gim, '$1N')
    .replace(/ttl=-?\d+/g, 'ttl=N')
    .replace(/dur=[\d.]+/g, 'dur=N')
}

function differs(one: Outcome, other: Outcome): string | null {
  // Who is reset may lose what was sent last.
  const isCut = one.reset || other.reset
  const length = isCut ? Math.min(one.text.length, other.text.length) : Number.POSITIVE_INFINITY
  const [a, b] = [one.text.slice(0, length), other.text.slice(0, length)]
  if (a !== b) return `answers ${JSON.stringify(firstDifference(a, b))}`
  return one.lines === other.lines || isCut ? null : `lines ${JSON.stringify([one.lines, other.lines])}`
}

const CONTEXT = 200

function firstDifference(a: string, b: string): readonly [string, string] {
  let at = 0
  while (a[at] === b[at]) at++
  const from = Math.max(0, at - CONTEXT)
  return [a.slice(from, at + CONTEXT), b.slice(from, at + CONTEXT)]
}

function shown(pieces: readonly Piece[]): string[] {
  return pieces.map(({ bytes, settles }) => bytes.toString('latin1') + (settles ? '…' : ''))
}

/** Policies that the lane has something to do with in. */
export function lanePolicies(): Readonly<Record<string, Policy>> {
  const rest = {
    outlier: { ...OUTLIER, failurePercent: 0, consecutiveFailures: 1_000_000 },
  }
  const compress = { encodings: ['gzip'] as const, types: new MediaTypes(['text/html']), minSize: 0 }
  const response = { set: [['x-set', 'y']], remove: ['etag', 'via'] } as const
  return {
    plain: cachingPolicy({}, rest),
    'compressed and edited': cachingPolicy(
      {},
      { ...rest, compress, headers: { request: { set: [], remove: [] }, response } },
    ),
  }
}
