import { setImmediate } from 'node:timers/promises'

/** The event loop accepts one connection a turn (libuv): so many may wait in the kernel. */
const TURNS = 512
/** A turn of the event loop in which nothing happened takes less. Milliseconds. */
const QUIET = 0.1

/**
 * Closing a listener resets whoever waits to be accepted. Resolves when nobody is left of those, in a moment that begins
 * with a look at the kernel's queue: who comes during a long turn would wait unseen.
 * @param longest milliseconds: under full load turns are long, and somebody always waits
 */
export async function acceptWaiting(longest: number): Promise<void> {
  const latest = performance.now() + longest
  for (let turn = 0; turn < TURNS * 2; turn++) {
    const began = performance.now()
    if (began >= latest) return
    await setImmediate()
    if (turn >= TURNS && performance.now() - began < QUIET) return
  }
}
