import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Scope } from './scope.ts'
import { within } from './wait.ts'

/**
 * What stands in front of Node's path in a command: tap puts itself into NODE_OPTIONS of whatever is spawned, past the environment
 * that is given, and to write down every module that it loads costs a process of ours a quarter of its start.
 */
export const WITHOUT_TAP = ['/usr/bin/env', '-u', 'NODE_OPTIONS'] as const

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A child process whose output is kept and which never outlives its scope, nor this process. */
export class Child {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  readonly #exited: Promise<Exit>
  #exit: Exit | null = null

  constructor(command: readonly [string, ...string[]], options: SpawnOptions = {}) {
    this.process = spawn(command[0], command.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    living.add(this.process)
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#exited = this.#watch()
    this.#exited.catch(() => {})
  }

  async #watch(): Promise<Exit> {
    const [code, signal] = (await once(this.process, 'close')) as [number | null, NodeJS.Signals | null]
    living.delete(this.process)
    this.#exit = { code, signal, stdout: this.stdout, stderr: this.stderr }
    return this.#exit
  }

  get exit(): Exit | null {
    return this.#exit
  }

  /** Resolves when the process has ended and its output has been read. */
  exited(timeout = 30_000): Promise<Exit> {
    return within(this.#exited, `the end of ${this.process.spawnargs.join(' ')}\n${this.stdout}${this.stderr}`, timeout)
  }

  /** Sends the signal, if the process still runs, and waits for its end; SIGKILL when it does not come. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeout = 15_000): Promise<Exit> {
    if (this.#exit !== null) return this.#exit
    this.process.kill(signal)
    try {
      return await this.exited(timeout)
    } catch (error) {
      this.process.kill('SIGKILL')
      await this.exited()
      throw error
    }
  }
}

/** Starts a child and ends it with the scope. */
export function startChild(scope: Scope, command: readonly [string, ...string[]], options: SpawnOptions = {}): Child {
  const child = new Child(command, options)
  scope.teardown(() => child.stop('SIGKILL'))
  return child
}

const living = new Set<ChildProcess>()

function killAll(): void {
  for (const child of living) child.kill('SIGKILL')
}

process.once('exit', killAll)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll()
    process.exit(1)
  })
}
