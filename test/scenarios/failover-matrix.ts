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

/** Every case. Heavy ones and slow ones are mixed, so that neither bytes nor waits pile up. */
export function cases(): Case[] {
  const all: Case[] = []
  for (const object of OBJECTS) {
    for (const method of ['GET', 'HEAD', 'Range'] as const) {
      for (const bad of [1, 2, 3] as const) for (const fault of FAULTS) all.push({ fault, bad, object, method })
    }
  }
  // 91 has no factor in common with 594, so this visits each once.
  return all.map((_, i) => all[(i * 91) % all.length]!)
}

/**
 * A third of them (a Latin square): with every fault each object, method and number of bad candidates meets each of the
 * other two once. The soak runs them all.
 */
export function sampledCases(): Case[] {
  const methods: readonly Method[] = ['GET', 'HEAD', 'Range']
  return cases().filter(({ fault, bad, object, method }) => {
    const sum = FAULTS.indexOf(fault) + bad + OBJECTS.indexOf(object) + methods.indexOf(method)
    return sum % 3 === 0
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

/** A site and a policy for each fault and each number of bad candidates. Nothing is ejected: every case meets its fault. */
function configOf(cdns: readonly unknown[]): Record<string, unknown> {
  const columns = FAULTS.flatMap((fault) => ([1, 2, 3] as const).map((bad) => ({ fault, bad })))
  const timeouts = { connect_timeout: '300ms', per_try_timeout: '500ms', body_idle_timeout: '500ms', timeout: '2s' }
  const shared = {
    strategy: 'failover',
    fallback: 'none',
    // Every case shall meet its fault.
    cache: { enabled: false },
    retry: { ...timeouts, budget_per_second: 1000 },
    outlier_detection: { consecutive_failures: 1000, min_requests: 100_000 },
  }
  const candidates = (fault: Fault, bad: Bad) =>
    [...[1, 2, 3].slice(0, bad).map((n) => `${fault}-${n}`), 'good-1', 'good-2'].slice(0, 3)
  return {
    cdns,
    workers: 1,
    sites: columns.map(({ fault, bad }) => ({
      name: `${fault}-${bad}`,
      hosts: [hostOf(fault, bad)],
      routes: [{ policy: `${fault}-${bad}` }],
    })),
    policies: Object.fromEntries(
      columns.map(({ fault, bad }) => [`${fault}-${bad}`, { ...shared, cdns: candidates(fault, bad) }]),
    ),
  }
}

function hostOf(fault: Fault, bad: Bad): string {
  return `${fault}-${bad}.test`
}

export function runCase({ fault, bad, object, method }: Case, port: number): Promise<Download> {
  return download({
    port,
    path: object.path,
    host: hostOf(fault, bad),
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

export function nameOf({ fault, bad, object, method }: Case): string {
  return `${fault}, ${bad} of 3 bad, ${method} ${object.path}`
}
