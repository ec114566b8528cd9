import { didYouMean } from './nearest.ts'
import type { ProblemList } from './problem-list.ts'
import { child, entries, isMap, type Located, shown, text } from './tree.ts'

/**
 * Gives each policy the values of the one that it extends. Maps are merged key by key; anything else replaces. A value
 * keeps its place, so what is wrong with it is reported where it is written.
 */
export function inherit(root: Located, problems: ProblemList): Located {
  const policies = child(root, 'policies')
  if (policies === undefined || !isMap(policies.value) || !isMap(root.value)) return root
  const done = new Map<string, Located>()
  for (const [name] of policies.value) resolve(name, { policies: policies.value, done, problems }, [])
  return { ...root, value: new Map([...root.value, ['policies', { ...policies, value: done }]]) }
}

interface Family {
  readonly policies: ReadonlyMap<string, Located>
  readonly done: Map<string, Located>
  readonly problems: ProblemList
}

/** Deeper chains help nobody, and each level costs stack. */
const LONGEST_CHAIN = 32

function resolve(name: string, family: Family, chain: readonly string[]): Located {
  const ready = family.done.get(name)
  if (ready !== undefined) return ready
  const own = family.policies.get(name)!
  const parent = parentOf(name, own, family, chain)
  const whole = parent === undefined ? own : merge(resolve(parent, family, [...chain, name]), own)
  family.done.set(name, whole)
  return whole
}

/** The name of the policy to extend, if it has one that can be. */
function parentOf(name: string, own: Located, family: Family, chain: readonly string[]): string | undefined {
  const extended = child(own, 'extends')
  const parent = text(extended)
  if (extended === undefined || parent === undefined || extended.broken) return undefined
  const { policies, problems } = family
  if (!policies.has(parent)) {
    const near = extended.secret ? '' : didYouMean(parent, policies.keys())
    problems.error(extended, `no policy is named ${shown(extended)}${near}`)
    return undefined
  }
  const loop = [...chain, name]
  const start = loop.indexOf(parent)
  if (start !== -1) {
    problems.error(extended, `a policy cannot extend itself: ${[...loop.slice(start), parent].join(' → ')}`)
    return undefined
  }
  if (chain.length >= LONGEST_CHAIN) {
    problems.error(extended, `policies extend each other more than ${LONGEST_CHAIN} times`)
    return undefined
  }
  return parent
}

function merge(parent: Located, own: Located): Located {
  if (!isMap(parent.value) || !isMap(own.value)) return own
  const merged = new Map(own.value)
  for (const [key, inherited] of entries(parent)) {
    const mine = merged.get(key)
    if (key === 'extends') continue
    merged.set(key, mine === undefined ? inherited : merge(inherited, mine))
  }
  return { ...own, value: merged }
}
