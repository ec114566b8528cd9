import t from 'tap'
import { dueAt, type Pace, waitFor } from '../../src/http/gcra.ts'

/** Sends requests at these times; what each has to wait. */
function waits(pace: Pace, times: readonly number[], first = 0): number[] {
  let state = first
  return times.map((now) => {
    const due = dueAt(state, now, pace)
    const wait = waitFor(due, now, pace)
    state = wait === 0 ? due + pace.interval : due
    return Math.round(wait)
  })
}

t.test('a pace, with a burst beyond it, as of nginx with nodelay', async (t) => {
  const table: [name: string, pace: Pace, times: number[], waits: number[]][] = [
    ['no burst: one at a time', { interval: 100, burst: 0 }, [0, 0, 99, 100, 150], [0, 100, 1, 0, 50]],
    ['a burst of two: three at once', { interval: 100, burst: 2 }, [0, 0, 0, 0, 100, 100], [0, 0, 0, 100, 0, 100]],
    [
      'a pause gives all of it back',
      { interval: 100, burst: 2 },
      [0, 0, 0, 999, 999, 999, 999],
      [0, 0, 0, 0, 0, 0, 100],
    ],
    ['a refused one costs nothing', { interval: 100, burst: 0 }, [0, 10, 20, 30, 100], [0, 90, 80, 70, 0]],
    ['a clock that begins late', { interval: 100, burst: 1 }, [1e9, 1e9, 1e9], [0, 0, 100]],
  ]
  for (const [name, pace, times, expected] of table) t.same(waits(pace, times), expected, name)
})

t.test('a burst is exact, though sums of intervals are not', async (t) => {
  const pace = { interval: 1000 / 3, burst: 999 }
  const now = 123_456.789
  const all = waits(pace, Array(1001).fill(now))
  t.equal(all.filter((wait) => wait === 0).length, 1000)
})

t.test('what an older, slower pace left is bounded by the new one', async (t) => {
  t.same(waits({ interval: 1, burst: 0 }, [0, 1], 3_600_000), [1, 0])
})
