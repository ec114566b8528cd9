import { readFileSync } from 'node:fs'
import type { Gateway, LogLine } from './gateway.ts'
import { until } from './wait.ts'

/** The processes of a gateway that serve, by its log: ready, and not died since. */
export function workerPids(gateway: Gateway): number[] {
  const pids = (event: string) => gateway.logs.filter((line) => line.event === event).map(({ pid }) => Number(pid))
  const died = new Set(pids('worker-died'))
  return pids('worker-ready').filter((pid) => !died.has(pid))
}

/** Kills a process that serves, and waits until the gateway has noticed; resolves to its log line. */
export async function killWorker(gateway: Gateway, signal: NodeJS.Signals = 'SIGKILL'): Promise<LogLine> {
  const [pid] = workerPids(gateway)
  process.kill(pid!, signal)
  return gateway.logged('worker-died', (line) => line.pid === pid)
}

/** Waits until so many processes serve. */
export async function workersReady(gateway: Gateway, count: number): Promise<number[]> {
  const what = () => `${count} workers; ${gateway.output.slice(-2000)}`
  await until(() => workerPids(gateway).length === count, { timeout: 30_000, what })
  return workerPids(gateway)
}

/** A zombie has ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
