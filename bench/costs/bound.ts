import { MARKET } from './market.ts'

/** What one month had to deliver, Mbit/s a sample: to clients whom every CDN reaches, and to the others. */
export interface Task {
  readonly west: Float64Array
  readonly asia: Float64Array
  /** The most that a CDN did deliver in a sample, where that is more than its capacity. */
  readonly peaks: Readonly<Record<string, number>>
}

/** GB of a sample at 1 Mbit/s. */
const GB = 0.0375
/** Demand is rounded down to a multiple of it. Mbit/s. */
const STEP = 4
/** Levels are known as exactly. Mbit/s. */
const WIDTH = 1

/** The multipliers of the proof: of the free samples of either CDN, and of the volume. */
interface Multipliers {
  readonly a: number
  readonly b: number
  readonly w: number
}

/** Ways to change them: how far a step of 1 goes. */
const DIRECTIONS: readonly Multipliers[] = [
  { a: 0.8, b: 0.8, w: 0 },
  { a: 0.8, b: 0, w: 0 },
  { a: 0, b: 0.8, w: 0 },
  { a: 0, b: 0, w: MARKET.volume.overage },
  { a: 0.8, b: 0.8, w: MARKET.volume.overage },
]
const ROUNDS = 12

interface Cell {
  readonly a: readonly [low: number, high: number]
  readonly b: readonly [low: number, high: number]
  readonly bound: number
  readonly by: Multipliers
}

/**
 * A number that no bill for this task is below, whatever is decided and however much of the future is known. The proof
 * is in docs/costs.md: the lowest, over the tier in which the month ends and over all cells of levels, of the best
 * Lagrangian bound that was found for it. Cells are halved where the bound is lowest until one is small.
 */
export function lowerBound(task: Task): number {
  const [a, b] = MARKET.percentile
  const capacities = [a, b].map(({ name, capacity }) => Math.max(capacity, task.peaks[name] ?? 0)) as [number, number]
  let least = Number.POSITIVE_INFINITY
  for (let tier = 0; tier < MARKET.tiered.tiers.length; tier++) {
    const problem = new Problem(task, tier, capacities)
    least = Math.min(least, problem.lowest([a.mbps, capacities[0]], [b.mbps, capacities[1]], least))
  }
  return least
}

class Problem {
  /** counts[d]: samples in which the west asks for d to d + 1 steps. */
  readonly #counts: Float64Array
  readonly #samples: number
  readonly #asiaGb: number
  readonly #capacities: readonly [number, number]
  readonly #cheap: { readonly price: number; readonly capacity: number }
  readonly #tier: { readonly price: number; readonly intercept: number }

  constructor({ west, asia, peaks }: Task, tier: number, capacities: readonly [number, number]) {
    const { decentralized, tiered } = MARKET
    this.#samples = west.length
    this.#counts = new Float64Array(Math.floor(Math.max(...west) / STEP) + 1)
    for (const value of west) this.#counts[Math.floor(value / STEP)]!++
    this.#asiaGb = asia.reduce((sum, value) => sum + value, 0) * GB
    this.#capacities = capacities
    this.#cheap = {
      price: decentralized.price,
      capacity: Math.max(decentralized.capacity, peaks[decentralized.name] ?? 0),
    }
    const { price } = tiered.tiers[tier]!
    let intercept = 0
    for (let below = 0; below < tier; below++) {
      intercept += tiered.tiers[below]!.upToGb * (tiered.tiers[below]!.price - tiered.tiers[below + 1]!.price)
    }
    this.#tier = { price, intercept }
  }

  /** Of all levels; `known` where it is not below that. */
  lowest(a: Cell['a'], b: Cell['b'], known: number): number {
    const start = { a: 0.1, b: 0.1, w: MARKET.volume.overage / 2 }
    let cells: Cell[] = [this.#cell(a, b, start)]
    for (;;) {
      cells.sort((one, other) => other.bound - one.bound)
      const best = cells.pop()!
      if (best.bound >= known) return known
      if (Math.max(best.a[1] - best.a[0], best.b[1] - best.b[0]) <= WIDTH) return best.bound
      cells = cells.concat(this.#halves(best))
    }
  }

  #halves({ a, b, by }: Cell): Cell[] {
    const middle = ([low, high]: Cell['a']) => (low + high) / 2
    if (a[1] - a[0] > b[1] - b[0]) {
      const at = middle(a)
      return [this.#cell([a[0], at], b, by), this.#cell([at, a[1]], b, by)]
    }
    const at = middle(b)
    return [this.#cell(a, [b[0], at], by), this.#cell(a, [at, b[1]], by)]
  }

  /** No bill with levels in the cell is lower: it pays for the low ends, and delivers at most what the high ends let. */
  #cell(a: Cell['a'], b: Cell['b'], near: Multipliers): Cell {
    const [one, other] = MARKET.percentile
    const fixed =
      one.pricePerMonth +
      other.pricePerMonth +
      MARKET.volume.pricePerMonth +
      this.#tier.intercept +
      one.overage * Math.max(0, a[0] - one.mbps) +
      other.overage * Math.max(0, b[0] - other.mbps)
    const { by, value } = this.#ascend(near, a[1], b[1])
    return { a, b, bound: fixed + value, by }
  }

  /**
   * Any multipliers prove a bound; better ones a better one. The bound is concave in them, so each direction in turn is
   * searched by golden section.
   */
  #ascend(near: Multipliers, a: number, b: number): { by: Multipliers; value: number } {
    let by = near
    let value = this.#dual(by, a, b)
    for (let round = 0; round < ROUNDS; round++) {
      const before = value
      for (const direction of DIRECTIONS) {
        const tried = this.#climb(by, direction, (one) => this.#dual(one, a, b))
        const better = this.#dual(tried, a, b)
        if (better > value) [by, value] = [tried, better]
      }
      if (value - before < 1) break
    }
    return { by, value }
  }

  #climb(from: Multipliers, by: Multipliers, value: (one: Multipliers) => number): Multipliers {
    const at = (step: number): Multipliers => ({
      a: Math.max(0, from.a + step * by.a),
      b: Math.max(0, from.b + step * by.b),
      w: Math.min(MARKET.volume.overage, Math.max(0, from.w + step * by.w)),
    })
    let low = -1
    let high = 1
    for (let turn = 0; turn < 14; turn++) {
      const left = low + (high - low) * 0.382
      const right = low + (high - low) * 0.618
      if (value(at(left)) < value(at(right))) low = left
      else high = right
    }
    return at((low + high) / 2)
  }

  #dual({ a: forA, b: forB, w }: Multipliers, a: number, b: number): number {
    const west = Math.min(w, MARKET.listed.west, this.#tier.price)
    const asia = Math.min(w, MARKET.listed.asia, this.#tier.price)
    const [bursting, other] = this.#capacities
    const states = [
      [a + b, 0],
      [bursting + b, forA],
      [a + other, forB],
      [bursting + other, forA + forB],
    ] as const
    let value = -Math.floor(this.#samples / 20) * (forA + forB) - w * MARKET.volume.gb + this.#asiaGb * asia
    for (let at = 0; at < this.#counts.length; at++) {
      const count = this.#counts[at]!
      if (count === 0) continue
      let least = Number.POSITIVE_INFINITY
      for (const [room, price] of states) {
        const cost = price + this.#elsewhere(at * STEP - room, west)
        if (cost < least) least = cost
      }
      value += count * least
    }
    return value
  }

  /** What a sample's rest costs that neither of the two takes. */
  #elsewhere(rest: number, price: number): number {
    if (rest <= 0) return 0
    if (this.#cheap.price >= price) return rest * GB * price
    const cheap = Math.min(rest, this.#cheap.capacity)
    return GB * (cheap * this.#cheap.price + (rest - cheap) * price)
  }
}
