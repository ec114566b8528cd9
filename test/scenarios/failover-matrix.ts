import { CA_FILE } from '../helpers/certificates.ts'
import { type Download, download, sha256 } from '../helpers/download.ts'
import { type FaultProxy, faultProxy } from '../helpers/fault-proxy.ts'
import { FAULTS, type Fault, TLS_FAULTS } from '../helpers/faults.ts'
import { countedBody } from '../helpers/misbehaviour.ts'
import { startNginx } from '../helpers/nginx.ts'
import type { Scope } from '../helpers/scope.ts'

/** The first so many candidates of three have the fault. */
export type Bad = 1 | 2 | 3
export type Method = 'GET' | 'HEAD' | 'Range'

export interface Case {
  readonly fault: Fault
  readonly bad: Bad
  readonly object: MatrixObject
  readonly method: Method
  /** Whether the policy keeps answers: then what is asked fills the cache, and the client reads from there. */
  readonly cached: boolean
}

export interface MatrixObject {
  readonly path: string
  readonly body: string
  /** The value of Range, and which part of the body that is. */
  readonly range: string
  readonly part: readonly [from: number, to: number]
}

const [KIB, MIB] = [countedBody(1024), countedBody(1024 * 1024)]
const TEN_MIB = countedBody(10 * 1024 * 1024)

/** All forms of a single range: closed, open, and of the end. /1m is sent in chunks. */
export const OBJECTS: readonly MatrixObject[] = [
  { path: '/1k', body: KIB, range: 'bytes=100-899', part: [100, 900] },
  { path: '/1m', body: MIB, range: 'bytes=100000-', part: [100_000, MIB.length] },
  { path: '/10m', body: TEN_MIB, range: 'bytes=-8000000', part: [TEN_MIB.length - 8_000_000, TEN_MIB.length] },
]

const METHODS: readonly Method[] = ['GET', 'HEAD', 'Range']
const BADS: readonly Bad[] = [1, 2, 3]

/** Every case. Heavy ones and slow ones are mixed, so that neither bytes nor waits pile up. */
export function cases(): Case[] {
  const all = [false, true].flatMap((cached) =>
    OBJECTS.flatMap((object) =>
      METHODS.flatMap((method) =>
        BADS.flatMap((bad) => FAULTS.map((fault) => ({ fault, bad, object, method, cached }))),
      ),
    ),
  )
  // 91 has no factor in common with 1188, so this visits each once.
  return all.map((_, i) => all[(i * 91) % all.length]!)
}

/**
 * A sixth of them (a Latin square): with every fault each object, method and number of bad candidates meets each of the
 * other two once, and each of them meets the cache and none. The soak runs them all.
 */
export function sampledCases(): Case[] {
  return cases().filter(({ fault, bad, object, method, cached }) => {
    const [f, o] = [FAULTS.indexOf(fault), OBJECTS.indexOf(object)]
    // The diagonal crosses every line of the square once; each second fault has it the other way around.
    const isOnDiagonal = (bad - 1) % 3 === o
    return (f + bad + o + METHODS.indexOf(method)) % 3 === 0 && cached === (isOnDiagonal === (f % 2 === 0))
  })
}

export interface Matrix {
  readonly config: Record<string, unknown>
  readonly proxies: readonly FaultProxy[]
}

/** Three edges with equal strong ETags; in front of them two good ways and, for each fault, three bad ones. */
export async function matrix(scope: Scope): Promise<Matrix> {
  const files = Object.fromEntries(OBJECTS.map(({ path, body }) => [path, body]))
  const start = (name: string) => startNginx(scope, { name, files })
  const edges = await Promise.all([start('one'), start('two'), start('three')])
  const chunked = ({ target }: { target: string }) => target.startsWith('/1m')
  const proxy = (fault: Fault | null, i: number) => faultProxy(scope, { edge: edges[i]!.url, fault, chunked })
  const good = await Promise.all([proxy(null, 1), proxy(null, 2)])
  const bad = await Promise.all(FAULTS.map((fault) => Promise.all([0, 1, 2].map((i) => proxy(fault, i)))))
  const cdns = [
    ...good.map(({ url }, i) => ({ name: `good-${i + 1}`, provider: 'http', url })),
    ...FAULTS.flatMap((fault, f) => bad[f]!.map(({ url }, i) => badCdn(fault, url, i + 1))),
  ]
  return { config: configOf(cdns), proxies: [...good, ...bad.flat()] }
}

function badCdn(fault: Fault, url: string, n: number) {
  const tls = TLS_FAULTS.includes(fault) ? { tls: { ca_file: CA_FILE } } : {}
  return { name: `${fault}-${n}`, provider: 'http', url, ...tls }
}

type Column = Pick<Case, 'fault' | 'bad' | 'cached'>

/** A site and a policy for each fault and number of bad candidates, with and without the cache. Nothing is ejected. */
function configOf(cdns: readonly unknown[]): Record<string, unknown> {
  const columns: Column[] = FAULTS.flatMap((fault) =>
    BADS.flatMap((bad) => [true, false].map((cached) => ({ fault, bad, cached }))),
  )
  const timeouts = { connect_timeout: '300ms', per_try_timeout: '500ms', body_idle_timeout: '500ms', timeout: '5s' }
  const shared = {
    strategy: 'failover',
    fallback: 'none',
    retry: { ...timeouts, budget_per_second: 1000 },
    outlier_detection: { consecutive_failures: 1000, min_requests: 100_000 },
  }
  const candidates = ({ fault, bad }: Column) =>
    [...BADS.slice(0, bad).map((n) => `${fault}-${n}`), 'good-1', 'good-2'].slice(0, 3)
  return {
    cdns,
    workers: 1,
    sites: columns.map((column) => ({
      name: columnName(column),
      hosts: [hostOf(column)],
      routes: [{ policy: columnName(column) }],
    })),
    policies: Object.fromEntries(
      columns.map((column) => [
        columnName(column),
        { ...shared, cdns: candidates(column), cache: { enabled: column.cached } },
      ]),
    ),
  }
}

function columnName({ fault, bad, cached }: Column): string {
  return `${fault}-${bad}${cached ? '-cached' : ''}`
}

function hostOf(column: Column): string {
  return `${columnName(column)}.test`
}

export function runCase({ object, method, ...column }: Case, port: number): Promise<Download> {
  return download({
    port,
    // What another method has stored would keep a case from its fault.
    path: `${object.path}?${method}`,
    host: hostOf(column),
    method: method === 'HEAD' ? 'HEAD' : 'GET',
    headers: method === 'Range' ? { range: object.range } : {},
  })
}

/**
 * `exact`: what the client asked for, proved by SHA-256 · `failed`: the client can see that it has not got it ·
 * `wrong`: something else that looks right · `hang`.
 */
export type Verdict = 'exact' | 'failed' | 'wrong' | 'hang'

export function verdict({ fault, object, method }: Case, got: Download): Verdict {
  if (got.end === 'hang') return 'hang'
  if (got.end !== 'whole' || got.status >= 500) return 'failed'
  if (method === 'HEAD') {
    const length = got.headers['content-length']
    // Nothing can tell a false length from a true one when no body follows.
    const right = length === undefined || fault === 'length-too-long' || Number(length) === object.body.length
    return got.status === 200 && right && got.bytes === 0 ? 'exact' : 'wrong'
  }
  const [from, to] = method === 'Range' ? object.part : [0, object.body.length]
  const status = method === 'Range' ? 206 : 200
  return got.status === status && got.sha256 === digest(object, from, to) ? 'exact' : 'wrong'
}

/**
 * Whether the exact answer is required: a good candidate is there, or the fault leaves the answer intact. A false length
 * was promised to the client before it showed; a body that stopped at its very end without saying so cannot be proved.
 */
export function mustBeExact({ fault, bad, method }: Case): boolean {
  if (fault === 'drip-body' || fault === 'extra-bytes') return true
  if (method === 'HEAD' && BODY_FAULTS.has(fault)) return true
  if (fault === 'length-too-long' || fault === 'no-last-chunk') return false
  return bad < 3
}

const BODY_FAULTS: ReadonlySet<Fault> = new Set([
  'reset-in-body',
  'end-in-body',
  'stall-in-body',
  'cut-chunked',
  'no-last-chunk',
  'length-too-long',
])

const digests = new Map<string, string>()

function digest({ path, body }: MatrixObject, from: number, to: number): string {
  const key = `${path} ${from}`
  const known = digests.get(key) ?? sha256(body.slice(from, to))
  digests.set(key, known)
  return known
}

export function nameOf({ fault, bad, object, method, cached }: Case): string {
  return `${fault}, ${bad} of 3 bad, ${method} ${object.path}${cached ? ', cached' : ''}`
}
