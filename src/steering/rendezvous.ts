import type { Endpoint } from '../config/snapshot.ts'
import { type Candidate, weightOf } from './decision.ts'

/**
 * The candidates in an order that a key always finds again: weighted rendezvous hashing. Each is first for its weight's
 * share of the keys; when one goes, only its keys move, to all others in proportion, and come back with it. Those of
 * weight 0 come last.
 */
export function rendezvousOrder(candidates: readonly Candidate[], key: string): Candidate[] {
  if (candidates.length < 2) return [...candidates]
  const hash = fnv1a(key)
  return candidates
    .map((candidate) => ({ candidate, score: scoreOf(candidate, hash) }))
    .sort((a, b) => a.score - b.score)
    .map(({ candidate }) => candidate)
}

/** A number in [0, 1) that is always the same for a key, and says nothing of its order. */
export function numberOf(key: string): number {
  return mix(fnv1a(key)) / 2 ** 32
}

/** Exponentially distributed at the rate of the weight: the least of several is whose turn it is. Weight 0: never before another. */
function scoreOf(candidate: Candidate, hash: number): number {
  const uniform = (mix(hash ^ seedOf(candidate.endpoint)) + 0.5) / 2 ** 32
  const weight = weightOf(candidate)
  return weight > 0 ? -Math.log(uniform) / weight : 1e300 + uniform * 1e300
}

const SEEDS = new WeakMap<Endpoint, number>()

/** By what a reader of the configuration sees, so that other settings of an endpoint move no keys. */
function seedOf(endpoint: Endpoint): number {
  const known = SEEDS.get(endpoint)
  if (known !== undefined) return known
  const seed = mix(fnv1a(`${endpoint.cdnName} ${endpoint.url}`))
  SEEDS.set(endpoint, seed)
  return seed
}

/** FNV-1a of the UTF-16 units, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the output. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
