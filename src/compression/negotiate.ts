import { members, trimBlanks } from '../cache/rules/list.ts'
import type { Encoding } from './encoding.ts'

/** RFC 9110 section 12.4.2: at most three digits behind the point. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/
/** Clients send a handful; beyond that nobody means what they say. */
const MOST_MEMBERS = 32

/**
 * The coding to send a client, or null for none: RFC 9110 section 12.5.3. The heaviest weight wins, and of equals what
 * stands first in `encodings`. Without the field every coding would be acceptable, but who does not ask gets none: many
 * such clients cannot read one.
 *
 * @param encodings that we can make, the most wanted first
 */
export function negotiate(acceptEncoding: string | null, encodings: readonly Encoding[]): Encoding | null {
  if (acceptEncoding === null || acceptEncoding === '') return null
  const weights = weightsOf(acceptEncoding)
  const others = weights.get('*') ?? 0
  let best: Encoding | null = null
  let most = 0
  for (const encoding of encodings) {
    const weight = weights.get(encoding) ?? others
    if (weight > most) {
      best = encoding
      most = weight
    }
  }
  // No coding at all is acceptable too; it has to be wanted more to be preferred.
  return (weights.get('identity') ?? 0) > most ? null : best
}

/** By name in lower case. What is no weight is not acceptable: better uncompressed than unreadable. */
function weightsOf(acceptEncoding: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const member of members(acceptEncoding.toLowerCase()).slice(0, MOST_MEMBERS)) {
    const [name, ...parameters] = member.split(';').map(trimBlanks)
    const weight = parameters.length === 0 ? 1 : weightOf(parameters)
    const known = name === 'x-gzip' ? 'gzip' : name!
    // Of a coding that stands there twice the first counts.
    if (!weights.has(known)) weights.set(known, weight)
  }
  return weights
}

function weightOf(parameters: readonly string[]): number {
  const [only] = parameters
  if (parameters.length !== 1 || !only!.startsWith('q=')) return 0
  const text = only!.slice(2)
  return WEIGHT.test(text) ? Number(text) : 0
}
