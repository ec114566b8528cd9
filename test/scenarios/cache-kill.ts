import { globSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { type GatewayProcess, startGateway } from '../helpers/gateway.ts'
import { inParallel } from '../helpers/parallel.ts'
import { childrenOf } from '../helpers/process-sockets.ts'
import { seededRandom } from '../helpers/random.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { seen } from '../helpers/seen.ts'
import { contentOf, startSeededOrigin } from './seeded-objects.ts'
import { tamperDisk } from './tamper-disk.ts'
import { topology } from './topology.ts'

export interface KillOptions {
  /** How often all processes of the gateway are killed. */
  readonly rounds: number
  readonly seed: number
  readonly workers: number
  /** Objects that there are. */
  readonly objects: number
  /** Bytes of the table that are changed in place after each kill. */
  readonly flips: number
}

export interface KillReport {
  /** Answers that were complete, and those of them that came from what an earlier process had stored. */
  readonly answers: number
  readonly kept: number
  /** Answers with a wrong byte, also in what came of one that was cut; errors. */
  readonly wrong: readonly string[]
  /** Answers that broke off because a later piece was damaged, and files that were damaged. */
  readonly cut: number
  readonly damaged: number
  /** Milliseconds until it serves: the first start, with nothing on disk, and the longest one after a kill. */
  readonly firstStart: number
  readonly longestStart: number
  /** Bytes that the disk had, the most of all rounds, and that it may have: a twentieth more while room is made, blocks, a log. */
  readonly fullest: number
  readonly allowed: number
  readonly problems: readonly string[]
  readonly stderr: string
  readonly exitCode: number | null
}

/** Bytes: less than all objects take. */
const DISK = 16 * 2 ** 20
/** Bytes that the log of SQLite may take. */
const LOG = 6 * 2 ** 20
const CLIENTS = 16
/** Answers after which a round may end. */
const LEAST_FILLED = 20

/** Kills all processes while the cache on disk is filled, damages what they left, and looks at every byte afterwards. */
export async function killing(scope: Scope, options: KillOptions): Promise<KillReport> {
  const run = new Killing(scope, options, await startSeededOrigin(scope))
  for (let round = 0; round < options.rounds; round++) await run.round()
  return run.end()
}

interface Asking {
  readonly headers?: Readonly<Record<string, string>>
  isKilled(): boolean
}

class Killing {
  readonly #scope: Scope
  readonly #options: KillOptions
  readonly #config: Record<string, unknown>
  readonly #folder: string
  readonly #random: () => number
  readonly #asked = new Set<string>()
  readonly #starts: number[] = []
  #answers = 0
  #kept = 0
  #cut = 0
  #damaged = 0
  #fullest = 0
  readonly #wrong: string[] = []
  readonly #problems: string[] = []

  constructor(scope: Scope, options: KillOptions, url: string) {
    this.#scope = scope
    this.#options = options
    this.#folder = tempDir(scope, 'killed')
    this.#random = seededRandom(options.seed)
    const disk = { path: this.#folder, size: `${DISK}B` }
    const policy = { fallback: 'none', cache: { enabled: true } }
    this.#config = {
      ...topology({ edges: [{ name: 'fra', url }], policy }),
      // What a process has in memory is lost with it.
      cache: { memory: '16MiB', disk },
      workers: options.workers,
    }
  }

  async round(): Promise<void> {
    const gateway = await this.#start()
    await this.#look(gateway)
    const until = this.#answers + LEAST_FILLED + Math.floor(this.#random() * this.#options.objects * 0.5)
    const paths = Array.from({ length: this.#options.objects * 2 }, () => this.#drawPath())
    let killed = false
    await inParallel(CLIENTS, paths, async (path) => {
      if (killed) return
      this.#asked.add(path)
      await this.#ask(gateway, path, { isKilled: () => killed })
      if (!killed && this.#answers >= until) {
        killed = true
        killAll(gateway)
      }
    })
    if (!killed) killAll(gateway)
    await gateway.child.exited()
    this.#note(gateway)
    const { flips } = this.#options
    this.#damaged += tamperDisk({ folder: this.#folder, random: this.#random, files: 5, flips })
  }

  async end(): Promise<KillReport> {
    const gateway = await this.#start()
    await this.#look(gateway)
    const { code, stderr } = await gateway.close()
    this.#note(gateway)
    const [firstStart, ...later] = this.#starts as [number, ...number[]]
    return {
      answers: this.#answers,
      kept: this.#kept,
      wrong: this.#wrong,
      cut: this.#cut,
      damaged: this.#damaged,
      firstStart,
      longestStart: Math.max(...later),
      fullest: this.#fullest,
      // With a damaged index the files that it named are being removed while others come.
      allowed: (Math.floor(DISK * 1.1) + LOG) * (this.#options.flips === 0 ? 1 : 2),
      problems: this.#problems,
      stderr,
      exitCode: code,
    }
  }

  async #start(): Promise<GatewayProcess> {
    const began = Date.now()
    const gateway = await startGateway(this.#scope, this.#config)
    const ready = await gateway.logged('ready')
    this.#starts.push(Date.parse(String(ready.time)) - began)
    return gateway
  }

  /** Everything that was ever asked for, as far as it is stored: nothing is stored meanwhile. */
  async #look(gateway: GatewayProcess): Promise<void> {
    const stored = { headers: { 'cache-control': 'only-if-cached' }, isKilled: () => false }
    await inParallel(CLIENTS, [...this.#asked], async (path) => {
      const end = await this.#ask(gateway, path, stored)
      if (end === 'hit') this.#kept++
      if (end !== 'cut') return
      this.#cut++
      if ((await this.#ask(gateway, path, { isKilled: () => false })) === 'cut') this.#wrong.push(`${path}: cut twice`)
    })
  }

  async #ask(
    gateway: GatewayProcess,
    path: string,
    { headers: asked = {}, isKilled }: Asking,
  ): Promise<'hit' | 'miss' | 'cut'> {
    const content = contentOf(path)
    const { end, status, bytes, headers } = await seen(gateway.port, path, { host: 'www', ...asked })
    if (status === 504 && asked['cache-control'] !== undefined) return 'miss'
    const isPrefix = content.subarray(0, bytes.length).equals(bytes)
    if (status === 200 && !isPrefix) this.#wrong.push(`${path}: a wrong byte of ${bytes.length}`)
    else if (end === 'whole' && (status !== 200 || bytes.length !== content.length)) {
      this.#wrong.push(`${path}: ${status} with ${bytes.length} bytes of ${content.length}`)
    } else if (end === 'none' && !isKilled()) this.#wrong.push(`${path}: no answer`)
    if (end !== 'whole') return 'cut'
    this.#answers++
    return String(headers['cache-status']).includes('hit') ? 'hit' : 'miss'
  }

  #note(gateway: GatewayProcess): void {
    this.#fullest = Math.max(this.#fullest, bytesIn(this.#folder))
    const seldom = ({ event }: { readonly event?: string }) => event?.startsWith('cache-') === true
    this.#problems.push(...gateway.logs.filter(seldom).map((line) => JSON.stringify(line)))
  }

  #drawPath(): string {
    return `/object-${Math.floor(this.#random() * this.#options.objects)}`
  }
}

/** SIGKILL for the process that controls and those that serve, before any of them can notice. */
function killAll(gateway: GatewayProcess): void {
  const pid = gateway.child.process.pid!
  for (const each of [pid, ...childrenOf(pid)]) process.kill(each, 'SIGKILL')
}

/** Of all files, in whole blocks. */
function bytesIn(folder: string): number {
  const stats = globSync(join(folder, '**/*')).map((path) => lstatSync(path))
  return stats.reduce((sum, each) => sum + (each.isFile() ? each.blocks * 512 : 0), 0)
}
