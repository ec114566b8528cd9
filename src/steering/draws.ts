import type { Policy } from '../config/snapshot.ts'

/** The fractional part of the golden ratio: of all steps, its multiples fill the unit interval most evenly. */
const STEP = (Math.sqrt(5) - 1) / 2

/**
 * A sequence of numbers in [0, 1) for each Policy, of low discrepancy (Weyl): of any hundred in a row, an interval gets
 * its share give or take two or three, where chance would give or take ten. So weights are kept smoothly, without counters.
 */
export class Draws {
  readonly #last = new WeakMap<Policy, { value: number }>()
  readonly #random: () => number

  /** @param random uniform in [0, 1): where a sequence begins, so that processes do not go in step */
  constructor(random: () => number) {
    this.#random = random
  }

  next(policy: Policy): number {
    const last = this.#last.get(policy)
    if (last === undefined) {
      const value = this.#random()
      this.#last.set(policy, { value })
      return value
    }
    last.value += STEP
    if (last.value >= 1) last.value -= 1
    return last.value
  }
}
