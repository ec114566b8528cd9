import t from 'tap'
import { nextPause } from '../../src/workers/back-off.ts'

t.test('short lives double the pause, up to ten seconds', async (t) => {
  const pauses: number[] = []
  while (pauses.length < 10) pauses.push(nextPause(pauses.at(-1) ?? 0, 50))
  t.strictSame(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
})

t.test('a minute of life forgives', async (t) => {
  t.equal(nextPause(10_000, 59_999), 10_000)
  t.equal(nextPause(10_000, 60_000), 100)
  t.equal(nextPause(200, 3_600_000), 100)
})
