import type { Endpoint } from '../config/snapshot.ts'

export function priorityOf({ cdn }: Endpoint): number {
  return cdn?.priority ?? 0
}

/** Endpoints, given as indexes, by priority: lowest number first; almost always one level. */
export function levels(endpoints: readonly Endpoint[], indexes: readonly number[]): (readonly number[])[] {
  const byPriority = Map.groupBy(indexes, (index) => priorityOf(endpoints[index]!))
  if (byPriority.size === 1) return [...byPriority.values()]
  return [...byPriority].sort(([a], [b]) => a - b).map(([, level]) => level)
}
