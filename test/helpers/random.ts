/** The same sequences as in the program: equal seeds, equal runs. */
export { seededRandom } from '../../src/steering/seeded-random.ts'
