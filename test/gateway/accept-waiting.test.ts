import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { acceptWaiting } from '../../src/gateway/accept-waiting.ts'

/** As many as may wait in the kernel. */
const TURNS = 512

/** Counts the turns of the event loop until the promise is settled; each takes so many milliseconds at least. */
async function turnsUntil(promise: Promise<void>, ms: number): Promise<number> {
  let over = false
  promise.then(() => (over = true))
  let turns = 0
  for (; !over; turns++) {
    const end = performance.now() + ms
    while (performance.now() < end);
    await nextTurn()
  }
  return turns
}

t.test('whoever waits is accepted, as long as that takes', async (t) => {
  t.ok((await turnsUntil(acceptWaiting(60_000), 0)) >= TURNS)
})

t.test('full load cannot hold up the end: turns are long then, and it is never quiet', async (t) => {
  t.ok((await turnsUntil(acceptWaiting(40), 1)) < TURNS)
})
