import { readFileSync } from 'node:fs'
import { childrenOf } from '../../test/helpers/process-sockets.ts'

/** USER_HZ: what /proc counts in, whatever the kernel's own ticks are. */
const TICKS = 100

/** CPU time of a process and all below it, of the kernel on their behalf too. Seconds. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, each) => sum + ownTicks(each), 0) / TICKS
}

/** Resident memory of a process and all below it: what they share is counted for each. MiB. */
export function residentMiB(pid: number): number {
  const own = (each: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'latin1'))?.[1])
  return family(pid).reduce((sum, each) => sum + own(each), 0) / 1024
}

function family(pid: number): number[] {
  return [pid, ...childrenOf(pid)]
}

/** utime and stime: the name in front of them may have spaces. */
function ownTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
