import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { type Child, type Exit, startChild } from './child.ts'
import { Exposition } from './exposition.ts'
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

/** The whole program as its own process, seen from outside only. */
export interface Gateway {
  /** `http://127.0.0.1:PORT` of the first listener. */
  readonly url: string
  readonly port: number
  readonly adminUrl: string
  readonly file: string
  readonly child: Child
  /** The JSON lines of the log so far; lines of another form have `event: "not-json"`. */
  readonly logs: readonly LogLine[]
  /** Waits for a log line of that event for which the predicate holds. */
  logged(event: string, predicate?: (line: LogLine) => boolean): Promise<LogLine>
  metrics(): Promise<Exposition>
  admin(method: string, path: string): Promise<ReloadAnswer>
  /** POST /reload. */
  reload(): Promise<ReloadAnswer>
  /** Rewrites the configuration file in place. */
  write(config: Config): void
  signal(name: NodeJS.Signals): void
  /** SIGTERM; resolves with the exit code and the output when the process has ended. */
  close(): Promise<Exit>
}

/** The gateway with one site for every host, ports from the operating system, an access log only where asked for. */
export async function startGateway(scope: Scope, config: Config, options: GatewayOptions = {}): Promise<Gateway> {
  const file = options.file ?? join(tempDir(scope, 'gateway'), 'config.yaml')
  const { args = [] } = options
  if (options.file === undefined) writeConfig(file, config)
  const gateway = new RunningGateway(file, runCommand(scope, ['serve', '--config', file, ...args], options.env))
  await gateway.ready()
  return gateway
}

/** Starts `polycdn …` and keeps its output. */
export function runCommand(scope: Scope, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  return startChild(scope, [process.execPath, MAIN, ...args], { cwd: ROOT, env: { ...cleanEnvironment(), ...env } })
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

/** tap's own variables would make the child collect coverage and load tap's loaders. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const skip = /^(TAP|_TAPJS|NODE_OPTIONS|NODE_V8_COVERAGE|POLYCDN_)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !skip.test(name)))
}

class RunningGateway implements Gateway {
  readonly file: string
  readonly child: Child
  #parsed: LogLine[] = []
  #parsedChars = 0

  constructor(file: string, child: Child) {
    this.file = file
    this.child = child
  }

  async ready(): Promise<void> {
    await this.logged('ready')
  }

  get logs(): readonly LogLine[] {
    const end = this.child.stdout.lastIndexOf('\n') + 1
    if (end > this.#parsedChars) {
      const lines = this.child.stdout.slice(this.#parsedChars, end - 1).split('\n')
      this.#parsed = this.#parsed.concat(lines.map(parseLog))
      this.#parsedChars = end
    }
    return this.#parsed
  }

  async logged(event: string, predicate: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const find = () => this.logs.find((line) => line.event === event && predicate(line))
    const what = () => `the log event ${event}; so far:\n${this.child.stdout.slice(-4000)}${this.child.stderr}`
    const line = await until(() => find() ?? (this.child.exit !== null && 'ended'), { what, timeout: 20_000 })
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

  signal(name: NodeJS.Signals): void {
    this.child.process.kill(name)
  }

  close(): Promise<Exit> {
    return this.child.stop('SIGTERM', 30_000)
  }
}

function parseLog(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { event: 'not-json', line }
  }
}
