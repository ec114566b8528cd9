import { type Candidate, weightOf } from '../decision.ts'
import { hashKey } from '../hash-key.ts'
import { rendezvousOrder } from '../rendezvous.ts'
import { candidatesOf, type Field, type Strategy } from './strategy.ts'

/** An endpoint may have so many times its weight's share of what waits before its keys go to the next one. */
const BOUND = 1.25
/** A few requests that wait are no load: consistency is worth more. */
const FEW = 16

/** The same endpoint for the same path, client network or header, as long as it is not loaded far more than the others. */
export const hash: Strategy = (field) =>
  bounded(rendezvousOrder(candidatesOf(field, 'hash'), hashKey(field.policy.hashOn, field.request)), field)

/** Consistent hashing with bounded loads: who has too much waits behind all others, which keep their order. */
function bounded(ordered: Candidate[], { world }: Field): Candidate[] {
  const waiting = ordered.map(({ endpoint }) => world.pending(endpoint))
  if (waiting.every((count) => count < FEW)) return ordered
  const total = waiting.reduce((sum, count) => sum + count, 0)
  const weights = ordered.reduce((sum, candidate) => sum + weightOf(candidate), 0)
  const isFull = (candidate: Candidate, rank: number) => {
    const share = weights > 0 ? weightOf(candidate) / weights : 1 / ordered.length
    return waiting[rank]! >= Math.max(FEW, Math.ceil(BOUND * (total + 1) * share))
  }
  return [...ordered.filter((candidate, rank) => !isFull(candidate, rank)), ...ordered.filter(isFull)]
}
