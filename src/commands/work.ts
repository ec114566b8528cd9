import { Worker } from '../gateway/worker.ts'
import { Sink } from '../observe/sink.ts'
import { openChannel } from '../workers/channel.ts'
import { keepCompiledSoon } from './compile-cache.ts'
import type { Command } from './shell.ts'

/** What `serve` starts several times: a process that serves what the one above it says. Not for people. */
export const work: Command = async (_args, shell) => {
  const sink = new Sink(shell.stdout)
  const worker = new Worker({
    channel: openChannel(),
    env: shell.env,
    sink,
    memory: shell.memory,
    build: { version: shell.version, node: shell.nodeVersion },
    stop: (now) => shell.stop(now),
  })
  keepCompiledSoon()
  shell.onClose(async () => {
    await worker.close()
    await sink.close()
  })
  return null
}
