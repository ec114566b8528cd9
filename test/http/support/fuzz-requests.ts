import { connect } from 'node:net'
import { seededRandom } from '../../helpers/random.ts'
import type { Scope } from '../../helpers/scope.ts'
import { until, within } from '../../helpers/wait.ts'
import { ByteUpstream } from './byte-upstream.ts'
import { type Door, door } from './door.ts'
import { Fuzz } from './fuzz.ts'
import { Mutator } from './mutator.ts'
import { REQUEST_CASES } from './request-cases.ts'
import { FINDINGS } from './request-findings.ts'
import { cdn, endpoint, policy, site } from './services.ts'

export interface FuzzOptions {
  readonly seed: number
  /** It stops at whichever comes first. */
  readonly seconds: number
  readonly connections?: number
}

export interface FuzzResult {
  readonly connections: number
  /** Requests that got to the upstream. */
  readonly reached: number
  /** What must not be, in words. */
  readonly findings: readonly string[]
}

const AT_ONCE = 200
const LIMITS = { headers: 8192, uri: 1024, headerTimeout: 1_000, idleTimeout: 1_000, connectionsPerAddress: 10_000 }

/**
 * Sends requests made of the tables' rows and of past findings. Whatever reaches the upstream must read strictly, as
 * exactly the requests that the gateway logged; each connection ends; nothing throws.
 */
export async function fuzzRequests(scope: Scope, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, seconds, connections = Number.POSITIVE_INFINITY } = options
  const findings: string[] = []
  const onRejection = (reason: unknown) => findings.push(`an unhandled rejection: ${reason}`)
  process.on('unhandledRejection', onRejection)
  scope.teardown(() => process.off('unhandledRejection', onRejection))
  const upstream = await ByteUpstream.start(scope)
  const gateway = await openDoor(scope, upstream)
  const random = seededRandom(seed)
  const mutator = new Mutator(random, corpus())
  const end = performance.now() + seconds * 1_000
  const underWay = new Map<string, number>()
  let reached = 0
  let count = 0
  while (count < connections && performance.now() < end) {
    // In rounds, so that the log can be compared with what arrived, and memory stays flat.
    const round = Array.from({ length: Math.min(AT_ONCE, connections - count) }, () => mutator.next())
    await Promise.all(round.map((text) => converse(gateway.port, text, new Fuzz(seededRandom(count++ ^ seed)))))
    const { listeners } = gateway
    await until(() => listeners.connections === 0 && listeners.requests === 0, { what: 'nothing to be left' })
    reached += upstream.requests.length
    for (const finding of compare(gateway, upstream, underWay)) findings.push(`${finding}, of ${JSON.stringify(round)}`)
  }
  return { connections: count, reached, findings }
}

/** What gets through is there twice more: most changes of what is refused are refused as well. */
function corpus(): string[] {
  const all = REQUEST_CASES.map(([, , sends]) => sends)
  const good = REQUEST_CASES.filter(([, , , gets]) => gets.includes('200')).map(([, , sends]) => sends)
  return [...all, ...good, ...good, ...FINDINGS]
}

async function openDoor(scope: Scope, upstream: ByteUpstream): Promise<Door> {
  const edge = endpoint(upstream.url, { cdn: cdn('edge') })
  const chosen = policy({ fallback: 'none' }, { bodyIdleTimeout: 1_000, attempts: 1 })
  return door(scope, { sites: [site({ endpoints: [edge], unsafeEndpoints: [edge], policy: chosen })], limits: LIMITS })
}

/** Sends, leaves in one of three ways, and waits for the other side to be gone. */
async function converse(port: number, text: string, fuzz: Fuzz): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  const first = fuzz.chance(0.3) ? fuzz.below(bytes.length) : bytes.length
  const leaves = fuzz.chance(0.002) ? 'waits' : fuzz.chance(0.05) ? 'resets' : 'half-closes'
  const ended = new Promise<void>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.on('end', () => socket.end())
    socket.resume()
    socket.write(bytes.subarray(0, first))
    setImmediate(() =>
      socket.write(bytes.subarray(first), () => {
        if (leaves === 'half-closes') socket.end()
        if (leaves === 'resets') socket.resetAndDestroy()
      }),
    )
  })
  await within(ended, `the end of the connection that sent ${JSON.stringify(text)}`, 20_000)
}

/** After everything that an application might decode or drop. */
const TWO_MEANINGS = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:$|[/;]|%2f|%5c|%3b)|%[01][0-9a-f]|%7f|%(?![0-9a-f]{2})|\\/i

/**
 * What was served has arrived, what arrived was tried, and what arrived could be read. Empties both. `underWay`: what
 * was tried in the round before and has not arrived; a client that resets is gone before its request is there.
 */
function* compare({ services }: Door, upstream: ByteUpstream, underWay: Map<string, number>): Generator<string> {
  yield* upstream.unreadable.splice(0)
  for (const error of services.errors.splice(0)) yield `a deadline or a hook threw ${error}`
  for (const { event, ...rest } of services.logLines.records) {
    if (event !== 'unknown-host' && event !== 'unreadable-request')
      yield `the log says ${event} ${JSON.stringify(rest)}`
  }
  services.logLines.all.length = 0
  const balance = new Map<string, { served: number; arrived: number; tried: number }>()
  const of = (key: string) => {
    const entry = balance.get(key) ?? { served: 0, arrived: 0, tried: 0 }
    balance.set(key, entry)
    return entry
  }
  for (const { method, target } of upstream.requests.splice(0)) {
    const path = target.split('?')[0]!
    if (TWO_MEANINGS.test(path)) yield `the path ${path} has two meanings`
    of(`${method} ${path}`).arrived++
  }
  for (const { method, path, attempts } of services.accessLines.records as unknown as Logged[]) {
    const entry = of(`${method} ${path}`)
    entry.tried += attempts.length
    entry.served += attempts.filter(({ outcome, status }) => outcome === 'served' && status !== 101).length
  }
  services.accessLines.all.length = 0
  const late = new Map(underWay)
  underWay.clear()
  for (const [key, { served, arrived, tried }] of balance) {
    if (tried > arrived) underWay.set(key, tried - arrived)
    if (served > arrived || arrived > tried + (late.get(key) ?? 0))
      yield `${key}: ${served} served, ${arrived} arrived, ${tried} tried`
  }
}

interface Logged {
  readonly method: string
  readonly path: string
  readonly attempts: readonly { readonly outcome: string; readonly status: number | null }[]
}
