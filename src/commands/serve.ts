import { parseArgs } from 'node:util'
import { type LoadResult, loadConfig } from '../config/load.ts'
import { type FileWatcher, watchFiles } from '../config/watch.ts'
import { Gateway } from '../gateway.ts'
import { Sink } from '../observe/sink.ts'
import { keepCompiledSoon } from './compile-cache.ts'
import { ServiceManager } from './service-manager.ts'
import type { Command, Shell } from './shell.ts'

/** `polycdn serve --config FILE`: runs until the process is told to stop. */
export const serve: Command = async (args, shell) => {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string', short: 'c' }, beside: { type: 'boolean' } },
  })
  if (values.config === undefined) {
    shell.err('polycdn: serve needs --config FILE')
    return 2
  }
  await run(values.config, shell, values.beside)
  keepCompiledSoon()
  return null
}

/** Starts the gateway on a configuration file and keeps watching it. `beside`: to take over from one that runs. */
export async function run(path: string, shell: Shell, beside = false): Promise<Gateway> {
  const manager = new ServiceManager(shell.env)
  const sink = new Sink(shell.stdout)
  let last: LoadResult | null = null
  const load = async () => {
    last = await loadConfig(path, shell.env)
    return last
  }
  const build = { version: shell.version, node: shell.nodeVersion }
  const { memory, program } = shell
  let watcher: FileWatcher | null = null
  const onReload = (phase: 'begun' | 'accepted' | 'rejected') => {
    if (phase === 'begun') return manager.reloading()
    watcher?.watch(last!.files, last!.hashes)
    manager.ready(phase === 'rejected' ? 'the last reload was rejected' : 'serving')
  }
  const gateway = await Gateway.start({ load, sink, memory, build, program, beside, onReload })
  // One that is shutting down says no.
  const reload = (cause: string) => void gateway.reload(cause).catch(() => {})
  watcher = watchFiles(last!.files, () => reload('file'), { hashes: last!.hashes })
  shell.onHangup(() => reload('SIGHUP'))
  shell.onClose(async (handover) => {
    manager.stopping()
    watcher?.close()
    await gateway.close(handover)
    await sink.close()
  })
  manager.ready('serving')
  return gateway
}
