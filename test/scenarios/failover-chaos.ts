import { Agent } from 'node:http'
import { type Download, download, sha256 } from '../helpers/download.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { countedBody } from '../helpers/misbehaviour.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { seededRandom } from '../helpers/random.ts'
import type { Scope } from '../helpers/scope.ts'
import { Havoc } from './failover-havoc.ts'
import { topology } from './topology.ts'

export interface ChaosOptions {
  /** Seconds of load, and how many downloads it goes on for at least. */
  readonly duration: number
  readonly least?: number
  readonly seed: number
  readonly workers: number
}

export interface ChaosReport {
  readonly downloads: number
  readonly megabytes: number
  /** Everything that was not the exact object, described. */
  readonly bad: readonly string[]
  /** How often each was done to an edge. */
  readonly deeds: Readonly<Record<string, number>>
  /** Switches to another edge in mid-body, and before the first byte. */
  readonly resumes: number
  readonly failovers: number
  readonly stderr: string
  readonly exitCode: number | null
}

const CLIENTS = 8
const SMALL = countedBody(64 * 1024)
const LARGE = countedBody(10 * 1024 * 1024)
const OBJECTS = [
  { path: '/64k', size: SMALL.length, digest: sha256(SMALL) },
  { path: '/10m', size: LARGE.length, digest: sha256(LARGE) },
] as const

/** Slow enough that the edges' ends come in mid-body; in small steps, or the pauses would look like stalls. */
const PACED = 'location = /10m { limit_rate 4m; sendfile on; sendfile_max_chunk 128k; }'

/** Eight clients download while edges are killed, stopped and restarted. What they got is in the report. */
export async function chaos(scope: Scope, { duration, least = 0, seed, workers }: ChaosOptions): Promise<ChaosReport> {
  const files = { '/64k': SMALL, '/10m': LARGE }
  const start = (name: string) => startNginx(scope, { name, files, extra: PACED })
  const edges = await Promise.all([start('fra'), start('iad'), start('sin')])
  const gateway = await startGateway(scope, { ...configOf(edges), workers })
  const havoc = new Havoc(edges, seededRandom(seed))
  scope.teardown(() => havoc.end())
  const clients = new Clients(gateway, performance.now() + duration * 1000, least)
  havoc.start()
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => clients.run(seededRandom(seed + 1 + i))))
  await havoc.end()
  const metrics = await gateway.metrics()
  const { code, stderr } = await gateway.close()
  return {
    downloads: clients.downloads,
    megabytes: Math.round(clients.bytes / 1e6),
    bad: clients.bad,
    deeds: havoc.deeds,
    resumes: metrics.sum('polycdn_resumes_total', { result: 'resumed' }),
    failovers: metrics.sum('polycdn_failovers_total'),
    stderr,
    exitCode: code,
  }
}

function configOf(edges: readonly Nginx[]): Record<string, unknown> {
  const timeouts = { connect_timeout: '300ms', per_try_timeout: '500ms', body_idle_timeout: '1s', timeout: '10s' }
  const check = { path: '/healthz', interval: '200ms', timeout: '400ms', healthy_threshold: 1, unhealthy_threshold: 2 }
  return topology({ edges, policy: { retry: timeouts }, cdn: { health_check: check } })
}

class Clients {
  downloads = 0
  bytes = 0
  readonly bad: string[] = []
  readonly #gateway: Gateway
  readonly #deadline: number
  readonly #least: number

  constructor(gateway: Gateway, deadline: number, least: number) {
    this.#gateway = gateway
    this.#deadline = deadline
    this.#least = least
  }

  /** One client with one kept connection, which asks for one object after the other. */
  async run(random: () => number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      while (performance.now() < this.#deadline || this.downloads < this.#least) {
        const object = OBJECTS[random() < 0.5 ? 0 : 1]
        const got = await download({ port: this.#gateway.port, path: object.path, agent, limit: 30_000 })
        this.downloads++
        this.bytes += got.bytes
        const good = got.end === 'whole' && got.status === 200 && got.sha256 === object.digest
        if (!good) this.bad.push(describe(object.path, got))
      }
    } finally {
      agent.destroy()
    }
  }
}

function describe(path: string, { end, status, bytes, ms, headers }: Download): string {
  return `${path}: ${end}, status ${status}, ${bytes} bytes after ${ms} ms ${headers['proxy-status'] ?? ''}`
}
