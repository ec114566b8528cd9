import { spawn, spawnSync } from 'node:child_process'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Config, configText } from '../test/helpers/gateway.ts'
import { childrenOf } from '../test/helpers/process-sockets.ts'
import { findProgram } from '../test/helpers/programs.ts'
import { type Scope, tempDir } from '../test/helpers/scope.ts'
import { until } from '../test/helpers/wait.ts'
import { startWrk } from '../test/helpers/wrk.ts'
import { cpuSeconds } from './verified/process-use.ts'

/** A server under test, with an access log in a file. */
export interface Contestant {
  readonly name: string
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Its processes, what writes the log included; each may have others below it. */
  readonly pids: readonly number[]
}

/** What is asked of each of them in its turn. */
export interface Load {
  readonly path: string
  readonly connections: number
  /** Seconds. */
  readonly duration: number
}

/** Starts a checkout of the gateway: metrics and access log on. */
export async function startCheckout(
  scope: Scope,
  { name, root, config }: { readonly name: string; readonly root: string; readonly config: Exclude<Config, string> },
): Promise<Contestant> {
  const folder = tempDir(scope, name)
  const [file, output] = [join(folder, 'config.yaml'), join(folder, 'out.log')]
  writeFileSync(file, configText({ ...config, log: { access: true } }))
  const command = [...process.execArgv, join(root, 'src/main.ts'), 'serve', '--config', file]
  // Into a file, as the others do: a pipe would have a reader.
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', openSync(output, 'w'), 'inherit'] })
  scope.teardown(() => child.kill('SIGTERM'))
  const address = () => /"event":"listening","address":"([^"]+)"/.exec(readFileSync(output, 'utf8'))?.[1]
  const found = await until(address, { timeout: 60_000, what: `${name} to listen` })
  return { name, url: `http://${found}`, pids: [child.pid!] }
}

/** Puts contestants on the first core, and this process with everything else that it has started on the second. */
export function pin(contestants: readonly Contestant[]): void {
  if (availableParallelism() < 2 || findProgram('taskset') === null) {
    console.error('\n*** ALL ON THE SAME CORES: one core, or no taskset (apt-get install util-linux) ***\n')
    return
  }
  const to = (core: number, pid: number) => spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)])
  const theirs = contestants.flatMap(({ pids }) => pids.flatMap((pid) => [pid, ...childrenOf(pid)]))
  for (const pid of [process.pid, ...childrenOf(process.pid)]) if (!theirs.includes(pid)) to(1, pid)
  for (const pid of theirs) to(0, pid)
}

/** What each contestant did in each round; whoever comes first in a round is another one each time. */
export async function inTurn(
  scope: Scope,
  contestants: readonly Contestant[],
  rounds: number,
  load: Load,
): Promise<readonly (readonly number[])[]> {
  const turns = contestants.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < contestants.length; at++) {
      const place = (round + at) % contestants.length
      turns[place]!.push(await turn(scope, contestants[place]!, load))
    }
  }
  return turns
}

/** Requests for each second of CPU. */
export async function turn(scope: Scope, { name, url, pids }: Contestant, load: Load): Promise<number> {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const before = cpu()
  const { path, ...rest } = load
  const result = await startWrk(scope, { url: url + path, threads: 1, ...rest }).result()
  if (result.failed + result.socketErrors > 0) throw new Error(`${name}:\n${result.output}`)
  return result.requests / (cpu() - before)
}
