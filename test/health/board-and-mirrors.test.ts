import t from 'tap'
import type { Endpoint } from '../../src/config/snapshot.ts'
import { Board } from '../../src/health/board.ts'
import { Mirror } from '../../src/health/mirror.ts'
import { seededRandom } from '../helpers/random.ts'
import { makeEndpoint, makePolicy, OUTLIER } from '../steering/support/build.ts'
import { SteppedTimers } from './support/stepped-timers.ts'

const GOOD = makeEndpoint('good')
const DEAD = makeEndpoint('dead')
const FLAKY = makeEndpoint('flaky')
const ALL = [GOOD, DEAD, FLAKY]
const POLICY = makePolicy()
const WORKERS = 4

interface Weather {
  readonly loss: number
  /** The longest way of a message. Milliseconds. */
  readonly delay: number
}

/** One Board and four mirrors, in one time, whose messages take theirs, or get lost. Each way keeps its order. */
class Cluster {
  readonly timers = new SteppedTimers()
  readonly events: string[] = []
  readonly random: () => number
  readonly board: Board
  readonly mirrors: readonly Mirror[]
  weather: Weather
  messages = 0

  constructor(seed: number, weather: Weather) {
    this.random = seededRandom(seed)
    this.weather = weather
    const { timers, random } = this
    const mirrorWays = Array.from({ length: WORKERS }, () => this.#way())
    this.board = new Board({
      now: () => timers.now(),
      random,
      onEvent: (event, { cdnName }) => this.events.push(`${cdnName} ${event}`),
      onChange: () => this.publish(mirrorWays),
    })
    this.mirrors = mirrorWays.map(() => {
      const way = this.#way()
      const report = (reports: Parameters<Board['receive']>[0]) => {
        this.messages++
        way(() => this.board.receive(JSON.parse(JSON.stringify(reports))))
      }
      return new Mirror({ timers, workers: WORKERS, report })
    })
    this.board.retain(ALL)
    for (const mirror of this.mirrors) mirror.retain(ALL)
    // What got lost is told again.
    const again = () => {
      this.publish(mirrorWays)
      timers.after(1_000, again)
    }
    again()
  }

  publish(ways: readonly ((deliver: () => void) => void)[]): void {
    const state = JSON.stringify(this.board.export())
    for (const [index, way] of ways.entries()) way(() => this.mirrors[index]?.apply(JSON.parse(state)))
  }

  /** One request at one of the workers, unless the endpoint is out. */
  request(endpoint: Endpoint, failureRate: number): boolean {
    const mirror = this.mirrors[Math.floor(this.random() * WORKERS)]!
    if (mirror.standing(endpoint, POLICY) !== 'healthy') return false
    if (this.random() < failureRate) mirror.failed(endpoint, OUTLIER)
    else mirror.succeeded(endpoint)
    return true
  }

  #way() {
    let last = 0
    return (deliver: () => void) => {
      if (this.random() < this.weather.loss) return
      last = Math.max(last, this.timers.now() + this.random() * this.weather.delay)
      this.timers.after(last - this.timers.now(), deliver)
    }
  }
}

/** Ten seconds of a request a millisecond at each endpoint. */
function tenSeconds(cluster: Cluster, failures: ReadonlyMap<Endpoint, number>): Map<Endpoint, number> {
  const asked = new Map<Endpoint, number>(ALL.map((endpoint) => [endpoint, 0]))
  for (let ms = 0; ms < 10_000; ms++) {
    for (const endpoint of ALL) {
      if (cluster.request(endpoint, failures.get(endpoint) ?? 0)) asked.set(endpoint, asked.get(endpoint)! + 1)
    }
    cluster.timers.advance(1)
  }
  return asked
}

/** And how many requests may meet a dead endpoint: news that got lost comes again after a second. */
const WEATHERS: Readonly<Record<string, Weather & { readonly worst: number }>> = {
  'a calm day': { loss: 0, delay: 1, worst: 30 },
  'slow messages': { loss: 0, delay: 80, worst: 300 },
  'a third of the messages lost': { loss: 1 / 3, delay: 20, worst: 3_000 },
}

for (const [name, { worst, ...weather }] of Object.entries(WEATHERS)) {
  for (const seed of [1, 2, 3]) {
    t.test(`${name}, seed ${seed}: who is dead is out soon, who is not stays in`, (t) => {
      const cluster = new Cluster(seed, weather)
      const asked = tenSeconds(
        cluster,
        new Map([
          [DEAD, 1],
          [FLAKY, 0.03],
        ]),
      )
      t.strictSame(cluster.events, ['dead endpoint-ejected'])
      t.ok(asked.get(DEAD)! < worst, `${asked.get(DEAD)} requests met the dead one`)
      t.equal(asked.get(GOOD), 10_000)
      t.equal(asked.get(FLAKY), 10_000)
      for (const mirror of cluster.mirrors) t.equal(mirror.standing(DEAD, POLICY), cluster.board.standing(DEAD, POLICY))
      // Failures of the flaky one at once, everything else four times a second and worker.
      t.ok(cluster.messages < 400 + asked.get(DEAD)! + 4 * WORKERS * 12, `${cluster.messages} messages`)
      t.end()
    })
  }
}

t.test('most requests failing ejects, though each worker sees only its part', (t) => {
  const cluster = new Cluster(4, { loss: 0, delay: 5 })
  tenSeconds(cluster, new Map([[FLAKY, 0.6]]))
  t.strictSame(cluster.events, ['flaky endpoint-ejected'])
  t.end()
})

t.test('after the storm all agree: mirrors converge on the Board', (t) => {
  const cluster = new Cluster(5, { loss: 0.5, delay: 200 })
  tenSeconds(cluster, new Map([[DEAD, 1]]))
  cluster.board.corrupt(FLAKY)
  cluster.mirrors[0]!.limited(GOOD, 30_000)
  cluster.weather = { loss: 0, delay: 1 }
  cluster.mirrors[1]!.limited(GOOD, 20_000)
  cluster.timers.advance(2_000)
  for (const endpoint of ALL) {
    const standing = cluster.board.standing(endpoint, POLICY)
    t.not(standing, 'healthy')
    for (const mirror of cluster.mirrors) t.equal(mirror.standing(endpoint, POLICY), standing, endpoint.cdnName)
  }
  cluster.timers.advance(60_000)
  for (const mirror of cluster.mirrors) {
    t.equal(mirror.standing(DEAD, POLICY), 'healthy')
    t.equal(mirror.standing(GOOD, POLICY), 'healthy')
  }
  t.end()
})

t.test('reloads that reach processes at different times do no harm', (t) => {
  const cluster = new Cluster(6, { loss: 0, delay: 20 })
  const { board, mirrors, timers } = cluster
  board.retain([GOOD, FLAKY])
  for (let request = 0; request < 200; request++) cluster.request(DEAD, 1)
  timers.advance(100)
  t.strictSame(cluster.events, [], 'reports of what the Board knows no more')
  for (const mirror of mirrors) mirror.retain([GOOD])
  board.retain(ALL)
  timers.advance(100)
  for (const mirror of mirrors) mirror.retain(ALL)
  for (let request = 0; request < 200; request++) {
    cluster.request(DEAD, 1)
    timers.advance(1)
  }
  timers.advance(100)
  for (const mirror of mirrors) t.equal(mirror.standing(DEAD, POLICY), 'ejected')
  t.end()
})

t.test(
  'each process weighs what it measures itself; what a check measures reaches all, and the Board hears of all',
  (t) => {
    const cluster = new Cluster(2, { loss: 0, delay: 5 })
    const { board, timers } = cluster
    const [first, second] = cluster.mirrors as [Mirror, Mirror]
    for (const view of [board, first]) {
      t.equal(view.measured(GOOD), null)
      view.answered({ ...GOOD, key: 'nobody' }, 5)
    }
    for (const ms of [30, 50, 40]) first.answered(GOOD, ms)
    t.strictSame(first.measured(GOOD), { now: 40, usual: 40, age: 0 })
    t.equal(second.measured(GOOD), null)
    timers.advance(1_000)
    t.strictSame(first.measured(GOOD), { now: 40, usual: 40, age: 1_000 })
    t.equal(second.measured(GOOD), null)
    t.equal(board.measured(GOOD)?.usual, 40)
    second.probed(GOOD.key, 90)
    t.equal(second.measured(GOOD)?.now, 90)
    second.probed('nobody', 90)
    t.end()
  },
)
