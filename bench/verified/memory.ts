import type { Scope } from '../../test/helpers/scope.ts'
import { type Drained, drain } from './drain.ts'
import { ground } from './ground.ts'
import { residentMiB } from './process-use.ts'

export interface MemoryOptions {
  readonly mebibytes: number
  readonly clients: number
}

/** What a slow client takes. Bytes a second. */
const SLOW = 512 * 1024
const SAMPLE_EVERY = 50
/** MiB above the idle gateway. */
const TARGET = 300

/**
 * Memory of many proved downloads at once: every other client is slow until the quick ones have ended, then all are quick.
 * Idle is the gateway before its first request. True: never more than 300 MiB above that, and every body was whole.
 */
export async function memory(scope: Scope, { mebibytes, clients }: MemoryOptions): Promise<boolean> {
  const { gateway, size } = await ground(scope, { mebibytes })
  const { port } = gateway
  const pid = gateway.child.process.pid!
  const idle = residentMiB(pid)
  let peak = idle
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid))
  }, SAMPLE_EVERY)
  scope.teardown(() => clearInterval(sampling))
  const { promise: until, resolve: hurry } = Promise.withResolvers<void>()
  const client = (slow: boolean) => drain({ port, host: 'car', ...(slow && { slow: { bytesPerSecond: SLOW, until } }) })
  const slow = Array.from({ length: clients >> 1 }, () => client(true))
  const quick = await Promise.all(Array.from({ length: clients - slow.length }, () => client(false)))
  const whileSlow = peak
  hurry()
  const all: readonly Drained[] = [...quick, ...(await Promise.all(slow))]
  const whole = all.filter(({ status, bytes }) => status === 200 && bytes === size).length
  const above = (value: number) => `${value.toFixed(0)} MiB (${(value - idle).toFixed(0)} above idle)`
  console.log(`${clients} downloads of ${mebibytes} MiB, ${slow.length} slow: ${whole} whole`)
  console.log(`idle ${idle.toFixed(0)} MiB, most while half are slow ${above(whileSlow)}, most of all ${above(peak)}`)
  return whole === clients && peak - idle < TARGET
}
