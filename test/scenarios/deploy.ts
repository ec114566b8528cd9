import { createCipheriv } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { type LyingServer, lyingServer } from '../helpers/lying-server.ts'
import { seededRandom } from '../helpers/random.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { type Seen, seen } from '../helpers/seen.ts'
import { until } from '../helpers/wait.ts'
import { PUBLIC_KEY, sealed } from '../manifest/support/manifests.ts'

export interface DeployOptions {
  readonly deploys: number
  /** Milliseconds between the steps of a deploy. */
  readonly pause: number
  readonly workers: number
  readonly seed: number
}

export interface DeployReport {
  readonly requests: number
  /** Answers of each edition, the first one first. */
  readonly editions: readonly number[]
  /** What must not be, in words. */
  readonly findings: readonly string[]
  /** Requests that were no checks: of the liar, before and after it was caught. */
  readonly liar: { readonly before: number; readonly after: number; readonly checks: number }
  readonly exitCode: number | null
  readonly stderr: string
}

type Files = ReadonlyMap<string, Buffer>

const PIECE = 256 * 1024
const CLIENTS = 6
const HEALTH = '/health.txt'

/**
 * A site is published again and again while clients ask for it. CDNs come after one by one, the last of them a whole
 * deploy late; one more lies, and is honest again once it was caught.
 */
export async function deploy(scope: Scope, options: DeployOptions): Promise<DeployReport> {
  const { deploys, pause, workers, seed } = options
  const editions = Array.from({ length: deploys + 1 }, (_, at) => editionOf(at, seed))
  const servers = await Promise.all(['a', 'b', 'c', 'liar'].map(() => lyingServer(scope, editions[0]!)))
  const manifest = join(tempDir(scope, 'deploy'), 'manifest.json')
  publish(manifest, editions[0]!, 1)
  const gateway = await startGateway(scope, { ...configOf(servers, manifest), workers })
  const load = new Load(gateway.port, editions, seededRandom(seed))
  const clients = Array.from({ length: CLIENTS }, () => load.run())
  const [a, b, late, liar] = servers as [LyingServer, LyingServer, LyingServer, LyingServer]
  let before = 0
  for (let at = 1; at <= deploys; at++) {
    publish(manifest, editions[at]!, at + 1)
    if (at === 1) {
      liar.lie = 'flip-last'
      await gateway.logged('endpoint-corrupt')
      await load.settled()
      liar.lie = null
      before = notChecks(liar)
    }
    await gateway.logged('manifest-accepted', ({ sequence }) => sequence === at + 1)
    await sleep(pause)
    for (const [server, edition] of [
      [a, at],
      [late, at - 1],
      [b, at],
    ] as const) {
      server.files = editions[edition]!
      await sleep(pause)
    }
    liar.files = editions[at]!
  }
  const checked = checksOf(liar)
  await until(() => checksOf(liar) > checked + 2, { what: 'checks of the liar, which it passes' })
  load.stop()
  await Promise.all(clients)
  const after = notChecks(liar) - before
  const { code, stderr } = await gateway.close()
  const findings = [...load.findings, ...findingsOf(gateway, liar), ...load.unseen]
  if (after > 0) findings.push(`the liar was asked ${after} times after it was caught`)
  const told = { before, after, checks: checksOf(liar) }
  return { requests: load.requests, editions: load.editions, findings, liar: told, exitCode: code, stderr }
}

function configOf(servers: readonly LyingServer[], manifest: string) {
  const names = ['a', 'b', 'c', 'liar']
  const check = { path: HEALTH, interval: '100ms', timeout: '2s', healthy_threshold: 1, unhealthy_threshold: 3 }
  const cdns = servers.map(({ url }, at) => ({
    name: names[at]!,
    provider: 'http',
    url,
    trust: false,
    allow_private: true,
    health_check: check,
  }))
  const routes = [{ policy: 'default' }]
  const sites = [{ name: 'www', hosts: ['*'], manifest: { file: manifest, public_key: PUBLIC_KEY }, routes }]
  const policy = {
    cdns: names,
    strategy: 'weighted',
    fallback: 'none',
    retry: { attempts: 4 },
  }
  return { cdns, sites, policies: { default: policy }, log: { access: true } }
}

/** What changes and what stays, in sizes that change and that stay. */
function editionOf(edition: number, seed: number): Files {
  const noise = (size: number, key: number) => {
    const bytes = Buffer.alloc(16)
    bytes.writeUInt32LE((seed + key) >>> 0)
    return createCipheriv('aes-128-ctr', bytes, Buffer.alloc(16)).update(Buffer.alloc(size))
  }
  const page = Buffer.from(`<h1>edition ${edition}</h1>`)
  return new Map([
    [HEALTH, Buffer.from('ok')],
    ['/index.html', page],
    ['/fixed.js', noise(300_000, 1)],
    ['/same-size.bin', noise(3 * PIECE + 5, 100 + edition)],
    ['/grows.bin', noise(2 * PIECE + edition * 100_000, 200 + edition)],
    ['/tail.bin', Buffer.concat([noise(2 * PIECE, 2), page])],
  ])
}

function publish(path: string, files: Files, sequence: number): void {
  const more = { sequence, created: '2026-01-01T00:00:00Z', expires: '2100-01-01T00:00:00Z' }
  writeFileSync(`${path}.new`, sealed(Object.fromEntries(files), more))
  renameSync(`${path}.new`, path)
}

class Load {
  requests = 0
  readonly editions: number[]
  readonly findings: string[] = []
  readonly #port: number
  readonly #files: readonly Files[]
  readonly #random: () => number
  #stopped = false
  #running = new Set<Promise<void>>()

  constructor(port: number, files: readonly Files[], random: () => number) {
    this.#port = port
    this.#files = files
    this.#random = random
    this.editions = files.map(() => 0)
  }

  stop(): void {
    this.#stopped = true
  }

  /** What is under way now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Editions that nobody got. */
  get unseen(): readonly string[] {
    return this.editions.flatMap((count, edition) => (count === 0 ? [`nobody got edition ${edition}`] : []))
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const one = this.#ask()
      this.#running.add(one)
      await one
      this.#running.delete(one)
    }
  }

  async #ask(): Promise<void> {
    const paths = [...this.#files[0]!.keys()].filter((path) => path !== HEALTH)
    const path = paths[Math.floor(this.#random() * paths.length)]!
    const from = Math.floor(this.#random() * this.#files[0]!.get(path)!.length)
    const isPart = this.#random() < 0.3
    const got = await seen(this.#port, path, isPart ? { range: `bytes=${from}-` } : {})
    this.requests++
    const edition = this.#files.findIndex((files) => isFrom(got, files.get(path)!, isPart ? from : 0))
    if (edition === -1 || got.end !== 'whole' || got.status !== (isPart ? 206 : 200)) {
      this.findings.push(
        `${path} from ${isPart ? from : 'the start'}: ${got.end} ${got.status}, ${got.bytes.length} bytes`,
      )
    } else if (path === '/same-size.bin') this.editions[edition]!++
  }
}

function isFrom({ bytes, headers }: Seen, file: Buffer, from: number): boolean {
  return bytes.equals(file.subarray(from)) && headers['content-length'] === String(file.length - from)
}

function notChecks({ requests }: LyingServer): number {
  return requests.filter((line) => !line.includes(HEALTH)).length
}

function checksOf({ requests }: LyingServer): number {
  return requests.filter((line) => line.includes(HEALTH)).length
}

/** Who was ejected besides the liar, whether it came back, and which answers were cut. */
function findingsOf(gateway: Gateway, liar: LyingServer): string[] {
  const events = gateway.logs.filter(({ event }) => event?.startsWith('endpoint-') === true)
  const wrong = events.filter(({ event, endpoint }) => event !== 'endpoint-corrupt' || endpoint !== liar.url)
  // What was tried for an answer that was cut.
  const cut = gateway.logs.filter(({ aborted }) => aborted === true)
  return [...wrong, ...cut].map((line) => JSON.stringify(line))
}
