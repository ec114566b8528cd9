/**
 * A random order in which each next item is drawn in proportion to its weight among those left. Items of weight 0
 * come last, in the order given.
 *
 * @param random uniform in [0, 1)
 */
export function weightedOrder<T>(items: readonly T[], weightOf: (item: T) => number, random: () => number): T[] {
  if (items.length < 2) return [...items]
  const left = items.map((item) => ({ item, weight: weightOf(item) }))
  let total = left.reduce((sum, { weight }) => sum + weight, 0)
  const ordered: T[] = []
  while (total > 0 && left.length > 0) {
    let point = random() * total
    let at = 0
    while (at < left.length - 1 && point >= left[at]!.weight) point -= left[at++]!.weight
    if (left[at]!.weight === 0) at = left.findIndex(({ weight }) => weight > 0)
    const [drawn] = left.splice(at, 1)
    ordered.push(drawn!.item)
    total = left.reduce((sum, { weight }) => sum + weight, 0)
  }
  for (const { item } of left) ordered.push(item)
  return ordered
}
