import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { formatProblem } from '../../src/config/problem.ts'
import type { ConfigRejected } from '../../src/gateway/config-rejected.ts'
import { type Child, type Exit, startChild, WITHOUT_TAP } from './child.ts'
import { Exposition } from './exposition.ts'
import { fakeShell } from './fake-shell.ts'
import { type Scope, tempDir } from './scope.ts'
import { until } from './wait.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'src/main.ts')

/** A configuration as the reference has it, or the text of a file. */
export type Config = Readonly<Record<string, unknown>> | string

export interface LogLine {
  readonly event?: string
  readonly [key: string]: unknown
}

export interface ReloadAnswer {
  readonly status: number
  readonly body: string
}

export interface GatewayOptions {
  /** Where the file is written; default: a new directory. */
  readonly file?: string
  readonly env?: Readonly<Record<string, string>>
  /** Of `polycdn serve`, besides --config. */
  readonly args?: readonly string[]
}

/** The whole program, seen from outside only. */
export interface Gateway {
  /** `http://127.0.0.1:PORT` of the first listener. */
  readonly url: string
  readonly port: number
  readonly adminUrl: string
  readonly file: string
  /** The JSON lines of the log so far; lines of another form have `event: "not-json"`. */
  readonly logs: readonly LogLine[]
  /** The log as it was written. */
  readonly output: string
  /** Waits for a log line of that event for which the predicate holds. */
  logged(event: string, predicate?: (line: LogLine) => boolean): Promise<LogLine>
  metrics(): Promise<Exposition>
  admin(method: string, path: string): Promise<ReloadAnswer>
  /** POST /reload. */
  reload(): Promise<ReloadAnswer>
  /** Rewrites the configuration file in place. */
  write(config: Config): void
  /** Ends it as SIGTERM does. */
  close(): Promise<unknown>
}

/** As its own process. */
export interface GatewayProcess extends Gateway {
  readonly child: Child
  signal(name: NodeJS.Signals): void
  /** SIGTERM; resolves with the exit code and the output when the process has ended. */
  close(): Promise<Exit>
}

/** The gateway with one site for every host, ports from the operating system, an access log only where asked for. */
export async function startGateway(
  scope: Scope,
  config: Config,
  options: GatewayOptions = {},
): Promise<GatewayProcess> {
  const file = options.file ?? join(tempDir(scope, 'gateway'), 'config.yaml')
  const { args = [] } = options
  if (options.file === undefined) writeConfig(file, config)
  const gateway = new ChildGateway(file, runCommand(scope, ['serve', '--config', file, ...args], options.env))
  await gateway.ready()
  return gateway
}

/**
 * `polycdn serve` in this process: for tests that are about what it serves, and not about the process. It starts in a
 * tenth of the time. Where the configuration says nothing, what is open when it ends has a second to complete.
 */
export async function startGatewayHere(
  scope: Scope,
  config: Config,
  { env = {}, ...options }: Pick<GatewayOptions, 'file' | 'env'> = {},
): Promise<Gateway> {
  const file = options.file ?? join(tempDir(scope, 'gateway'), 'config.yaml')
  const gateway = new LocalGateway(file, join(tempDir(scope, 'log'), 'stdout'))
  scope.teardown(() => gateway.close())
  if (options.file === undefined) gateway.write(config)
  await gateway.start({ ...cleanEnvironment(), ...env })
  return gateway
}

/** Starts `polycdn …` and keeps its output. */
export function runCommand(scope: Scope, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const command = [...WITHOUT_TAP, process.execPath, MAIN, ...args] as const
  return startChild(scope, command, { cwd: ROOT, env: { ...cleanEnvironment(), ...env } })
}

export function writeConfig(file: string, config: Config): void {
  writeFileSync(file, configText(config))
}

/** An object as YAML, with ports that the operating system chooses where it names none, and one process. */
export function configText(config: Config): string {
  if (typeof config === 'string') return config
  const defaults = { version: 1, listen: [{ address: '127.0.0.1:0' }], admin: { address: '127.0.0.1:0' } }
  return stringify({ ...defaults, workers: 1, log: { access: false }, ...config }, { aliasDuplicateObjects: false })
}

/** tap's own variables would make the child collect coverage and load tap's loaders. What it compiles stays in here. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const skip = /^(TAP|_TAPJS|NODE_OPTIONS|NODE_V8_COVERAGE|POLYCDN_)/
  const kept = Object.entries(process.env).filter(([name]) => !skip.test(name))
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: join(ROOT, '.tap/compiled') }
}

abstract class RunningGateway implements Gateway {
  readonly file: string
  #parsed: LogLine[] = []
  #parsedChars = 0

  constructor(file: string) {
    this.file = file
  }

  abstract readonly output: string
  /** Standard error. */
  abstract readonly complaints: string
  abstract readonly hasEnded: boolean
  abstract close(): Promise<unknown>

  /** All of its processes serve: it is ready before the last of them do. */
  async ready(): Promise<void> {
    const { workers, workers_to_come } = await this.logged('ready')
    const all = Number(workers) + Number(workers_to_come)
    const serve = () => all === 1 || this.logs.filter(({ event }) => event === 'worker-ready').length >= all
    await until(serve, {
      timeout: 20_000,
      what: () => `${all} workers:\n${this.output.slice(-4000)}${this.complaints}`,
    })
  }

  get logs(): readonly LogLine[] {
    const { output } = this
    const end = output.lastIndexOf('\n') + 1
    if (end > this.#parsedChars) {
      const lines = output.slice(this.#parsedChars, end - 1).split('\n')
      this.#parsed = this.#parsed.concat(lines.map(parseLog))
      this.#parsedChars = end
    }
    return this.#parsed
  }

  async logged(event: string, predicate: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const find = () => this.logs.find((line) => line.event === event && predicate(line))
    const what = () => `the log event ${event}; so far:\n${this.output.slice(-4000)}${this.complaints}`
    const line = await until(() => find() ?? (this.hasEnded && 'ended'), { what, timeout: 20_000 })
    if (line === 'ended') throw new Error(`the gateway has ended before ${what()}`)
    return line
  }

  #address(event: string): string {
    return String(this.logs.find((line) => line.event === event)?.address)
  }

  get url(): string {
    return `http://${this.#address('listening')}`
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  get adminUrl(): string {
    return `http://${this.#address('admin-listening')}`
  }

  async metrics(): Promise<Exposition> {
    return new Exposition((await this.admin('GET', '/metrics')).body)
  }

  async admin(method: string, path: string): Promise<ReloadAnswer> {
    const response = await fetch(`${this.adminUrl}${path}`, { method })
    return { status: response.status, body: await response.text() }
  }

  reload(): Promise<ReloadAnswer> {
    return this.admin('POST', '/reload')
  }

  write(config: Config): void {
    writeConfig(this.file, config)
  }
}

class ChildGateway extends RunningGateway implements GatewayProcess {
  readonly child: Child

  constructor(file: string, child: Child) {
    super(file)
    this.child = child
  }

  get output(): string {
    return this.child.stdout
  }

  get complaints(): string {
    return this.child.stderr
  }

  get hasEnded(): boolean {
    return this.child.exit !== null
  }

  signal(name: NodeJS.Signals): void {
    this.child.process.kill(name)
  }

  close(): Promise<Exit> {
    return this.child.stop('SIGTERM', 30_000)
  }
}

class LocalGateway extends RunningGateway {
  readonly complaints = ''
  readonly #log: string
  readonly #closers: ((handover: boolean) => Promise<void>)[] = []
  #closed: Promise<void> | null = null

  constructor(file: string, log: string) {
    super(file)
    this.#log = log
  }

  get output(): string {
    return readFileSync(this.#log, 'utf8')
  }

  get hasEnded(): boolean {
    return this.#closed !== null
  }

  async start(env: NodeJS.ProcessEnv): Promise<void> {
    const { shell } = fakeShell({
      env,
      stdout: openSync(this.#log, 'a'),
      memory: { used: () => process.memoryUsage.rss(), limit: 0 },
      onClose: (close) => this.#closers.push(close),
    })
    // A test of processes does not load the program for itself.
    const { run } = await import('../../src/commands/serve.ts')
    try {
      await run(this.file, shell)
    } catch (error) {
      const { problems = [] } = error as Partial<ConfigRejected>
      throw new Error([error, ...problems.map(formatProblem)].join('\n'), { cause: error })
    }
    await this.ready()
  }

  override write(config: Config): void {
    super.write(typeof config === 'string' ? config : { shutdown: { timeout: '1s' }, ...config })
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      for (const close of this.#closers) await close(false)
    })()
    return this.#closed
  }
}

function parseLog(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { event: 'not-json', line }
  }
}
