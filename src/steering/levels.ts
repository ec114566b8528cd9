import type { Endpoint } from '../config/snapshot.ts'

export function priorityOf({ cdn }: Endpoint): number {
  return cdn?.priority ?? 0
}

/** Endpoints, given as indexes, by priority: lowest number first; almost always one level. */
export function levels(endpoints: readonly Endpoint[], indexes: readonly number[]): (readonly number[])[] {
  const [first] = indexes
  if (first === undefined) return []
  const priority = priorityOf(endpoints[first]!)
  if (indexes.every((index) => priorityOf(endpoints[index]!) === priority)) return [indexes]
  const byPriority = Map.groupBy(indexes, (index) => priorityOf(endpoints[index]!))
  return [...byPriority].sort(([a], [b]) => a - b).map(([, level]) => level)
}
