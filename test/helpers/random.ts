/** The same sequences as in the program: equal seeds, equal runs. */
export { seededRandom } from '../../src/steering/seeded-random.ts'

/** How a fuzz test goes on. */
export interface FuzzOptions {
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Whether to go on, asked before each round. */
  readonly more: () => boolean
}
