import t from 'tap'
import { Deadlines } from '../../src/delivery/deadlines.ts'
import { seededRandom } from '../helpers/random.ts'

const RESOLUTION = 20
/** Milliseconds of one turn of the wheel. */
const TURN = 512 * RESOLUTION

/** A wheel with a clock that only `advance` moves, tick by tick. */
class Clock {
  now: number
  readonly wheel: Deadlines
  readonly errors: unknown[] = []

  constructor(now = 1_000_007) {
    this.now = now
    this.wheel = new Deadlines(RESOLUTION, now)
  }

  tick(ms = RESOLUTION): void {
    this.now += ms
    this.wheel.tick(this.now, (error) => this.errors.push(error))
  }

  advance(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) this.tick()
  }

  /** Sets a deadline and returns when it fires, as a list: never, once, or by mistake more often. */
  expect(ms: number): number[] {
    const fired: number[] = []
    this.wheel.set(this.now + ms, () => fired.push(this.now))
    return fired
  }
}

t.test('never early and at most two ticks late, many at once', (t) => {
  const random = seededRandom(3)
  const clock = new Clock()
  const set: { readonly at: number; readonly fired: number[] }[] = []
  for (let round = 0; round < 3000; round++) {
    const ms = random() < 0.05 ? TURN * (1 + 2 * random()) : 4000 * random() - 50
    set.push({ at: Math.max(clock.now + ms, clock.now), fired: clock.expect(ms) })
    if (random() < 0.5) clock.tick()
  }
  clock.advance(4 * TURN)
  const worst = Math.max(...set.map(({ at, fired }) => fired[0]! - at))
  t.ok(set.every(({ fired }) => fired.length === 1))
  t.ok(set.every(({ at, fired }) => fired[0]! >= at))
  t.ok(worst <= 2 * RESOLUTION, `${worst} ms late`)
  t.ok(clock.wheel.idle)
  t.end()
})

t.test('in uneven ticks, too: the second one after its time at the latest', (t) => {
  const random = seededRandom(4)
  const clock = new Clock()
  const ticks: number[] = []
  const set: { readonly at: number; readonly fired: number[] }[] = []
  for (let round = 0; round < 2000; round++) {
    const ms = 500 * random()
    set.push({ at: clock.now + ms, fired: clock.expect(ms) })
    clock.tick(RESOLUTION + 60 * random())
    ticks.push(clock.now)
  }
  clock.advance(1000)
  for (const { at, fired } of set) {
    if (at > ticks.at(-3)!) continue
    const [, second] = ticks.filter((tick) => tick >= at)
    if (fired.length !== 1 || fired[0]! < at || fired[0]! > second!) t.fail(`due ${at}, fired ${fired}`)
  }
  t.end()
})

t.test('cancelled ones never fire, whenever and however often they are cancelled', (t) => {
  const clock = new Clock()
  let fired = 0
  const deadlines = Array.from({ length: 1000 }, (_, index) => clock.wheel.set(clock.now + index, () => fired++))
  deadlines.forEach((deadline, index) => {
    if (index % 2 === 0) deadline.cancel()
  })
  clock.advance(2000)
  t.equal(fired, 500)
  for (const deadline of deadlines) {
    deadline.cancel()
    deadline.cancel()
  }
  clock.advance(2 * TURN)
  t.equal(fired, 500)
  t.end()
})

t.test('one that an earlier callback of the same tick cancels does not fire', (t) => {
  const clock = new Clock()
  const fired: string[] = []
  const first = clock.wheel.set(clock.now + 10, () => {
    fired.push('first')
    second.cancel()
  })
  const second = clock.wheel.set(clock.now + 10, () => {
    fired.push('second')
    first.cancel()
  })
  clock.advance(TURN)
  t.strictSame(fired, ['first'])
  t.end()
})

t.test('beyond one turn of the wheel', (t) => {
  const clock = new Clock()
  const far = clock.expect(2.5 * TURN)
  const due = clock.now + 2.5 * TURN
  clock.advance(2.49 * TURN)
  t.strictSame(far, [])
  t.notOk(clock.wheel.idle)
  clock.advance(0.02 * TURN)
  t.equal(far.length, 1)
  t.ok(far[0]! >= due && far[0]! <= due + 2 * RESOLUTION)
  t.end()
})

t.test('a time that has passed is due at the next tick', (t) => {
  const clock = new Clock()
  const past = [clock.expect(0), clock.expect(-1), clock.expect(-5 * TURN)]
  t.ok(past.every((fired) => fired.length === 0))
  clock.tick()
  clock.tick()
  t.ok(past.every((fired) => fired.length === 1))
  t.end()
})

t.test('a callback may set another one, due at once, also in a late tick', (t) => {
  for (const late of [RESOLUTION, 10 * RESOLUTION, 600 * RESOLUTION]) {
    for (const ago of [1, 50, 100_000]) {
      const clock = new Clock()
      const fired: number[] = []
      clock.wheel.set(clock.now + 5, () => {
        fired.push(clock.now)
        clock.wheel.set(clock.now - ago, () => fired.push(clock.now))
      })
      clock.tick(late)
      clock.tick()
      clock.tick()
      t.equal(fired.length, 2, `due ${ago} ms ago, in a tick after ${late} ms`)
      t.not(fired[0], fired[1], 'not in the same tick: it could go on for ever')
    }
  }
  t.end()
})

t.test('one that sets itself again and again fires once a tick at most', (t) => {
  const clock = new Clock()
  let fired = 0
  const again = () => {
    fired++
    clock.wheel.set(clock.now, again)
  }
  again()
  for (let tick = 0; tick < 50; tick++) clock.tick()
  t.ok(fired > 20 && fired <= 51, `${fired}`)
  t.end()
})

t.test('a callback that throws is reported and stops nobody', (t) => {
  const clock = new Clock()
  const error = new Error('thrown on purpose')
  const before = clock.expect(10)
  clock.wheel.set(clock.now + 10, () => {
    throw error
  })
  const after = clock.expect(10)
  clock.advance(100)
  t.strictSame(clock.errors, [error])
  t.strictSame([before.length, after.length], [1, 1])
  clock.advance(2 * TURN)
  t.equal(clock.errors.length, 1)
  t.end()
})

t.test('after a long idle gap everything that is due fires at once', (t) => {
  const clock = new Clock()
  const fired = [1, 300, TURN - 1, 2 * TURN].map((ms) => clock.expect(ms))
  const later = clock.expect(100 * TURN)
  clock.tick(50 * TURN + 3)
  t.ok(fired.every(({ length }) => length === 1))
  t.equal(later.length, 0)
  const fresh = clock.expect(30)
  clock.tick()
  t.equal(fresh.length, 0)
  clock.advance(60)
  t.equal(fresh.length, 1)
  t.end()
})

t.test('a gap in which nobody ticked because it was idle', (t) => {
  const clock = new Clock()
  clock.now += 40 * TURN
  const fired = clock.expect(50)
  clock.tick()
  t.equal(fired.length, 0)
  clock.advance(100)
  t.equal(fired.length, 1)
  t.end()
})

t.test('idle says whether anybody must tick', (t) => {
  const clock = new Clock()
  t.ok(clock.wheel.idle)
  const deadline = clock.wheel.set(clock.now + 30, () => {})
  t.notOk(clock.wheel.idle)
  deadline.cancel()
  clock.tick()
  t.ok(clock.wheel.idle, 'a cancelled one counts until the next tick')
  clock.wheel.set(clock.now + 30, () => {})
  clock.tick(1)
  t.notOk(clock.wheel.idle, 'a tick too early changes nothing')
  clock.advance(100)
  t.ok(clock.wheel.idle)
  t.end()
})
