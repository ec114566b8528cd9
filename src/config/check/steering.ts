import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'

/** Settings of how a policy ranks that contradict each other, or that nothing looks at. */
export function checkSteering(root: Located, problems: ProblemList): void {
  const policies = entries(child(root, 'policies')).map(([, policy]) => policy)
  for (const list of new Set(policies.map((policy) => child(policy, 'tie_breakers')))) checkTieBreakers(list, problems)
  for (const { key, idle } of IDLE) {
    // A value that is inherited stands in one place and is of use where any of its policies uses it.
    const values = Map.groupBy(policies, (policy) => child(policy, key))
    for (const [value, sharers] of values) {
      if (value === undefined || value.broken) continue
      const reasons = sharers.map((policy) => idle(policy))
      if (reasons[0] !== null && !reasons.includes(null)) problems.warn(value, reasons[0]!)
    }
  }
}

function checkTieBreakers(list: Located | undefined, problems: ProblemList): void {
  const seen = new Set<string>()
  for (const node of items(list)) {
    const name = text(node)
    if (name === undefined) continue
    if (seen.has(name)) problems.error(node, 'this tie-breaker stands here already')
    else if (seen.has('weight')) problems.warn(node, 'weight leaves nobody equal: what comes after it is never asked')
    seen.add(name)
  }
}

const strategyOf = (policy: Located): string => text(child(policy, 'strategy')) ?? 'proximity'

/** Why a policy has no use for what stands under a key; null where it has one. */
const IDLE: readonly { readonly key: string; idle(policy: Located): string | null }[] = [
  {
    key: 'hash_on',
    idle: (policy) => (strategyOf(policy) === 'hash' ? null : 'only strategy hash looks at this'),
  },
  {
    key: 'latency_tolerance',
    idle: (policy) => {
      const breakers = child(policy, 'tie_breakers')
      const compares = breakers === undefined || items(breakers).some((node) => text(node) === 'latency')
      return compares || strategyOf(policy) === 'latency' ? null : 'nothing here compares latencies'
    },
  },
  {
    key: 'affinity',
    idle: (policy) => {
      const strategy = strategyOf(policy)
      if (text(child(policy, 'affinity')) === 'none' || (strategy !== 'failover' && strategy !== 'hash')) return null
      return `to strategy ${strategy} no endpoints are equal: there is nothing to keep`
    },
  },
  {
    key: 'strategy',
    idle: (policy) => {
      const blind = strategyOf(policy) === 'latency' && text(child(policy, 'mode')) === 'redirect'
      return blind ? 'the latency of a redirected client is not measured: this ranks by distance' : null
    },
  },
]
