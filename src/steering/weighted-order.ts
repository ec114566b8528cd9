/**
 * The order in which one number draws items, each next one in proportion to its weight among those left. The interval of
 * the item that was drawn is stretched to draw from again, so that evenly spread numbers make evenly spread orders.
 * Items of weight 0 come last, in the order given.
 *
 * @param draw uniform in [0, 1)
 */
export function weightedOrder<T>(items: readonly T[], weightOf: (item: T) => number, draw: number): T[] {
  if (items.length < 2) return [...items]
  const left = items.filter((item) => weightOf(item) > 0)
  const ordered: T[] = []
  let rest = draw
  while (left.length > 1) {
    let total = 0
    for (const item of left) total += weightOf(item)
    let point = rest * total
    let at = 0
    while (at < left.length - 1 && point >= weightOf(left[at]!)) point -= weightOf(left[at++]!)
    const drawn = left.splice(at, 1)[0]!
    ordered.push(drawn)
    // Rounding must not lead out of the interval.
    rest = Math.min(point / weightOf(drawn), 1 - Number.EPSILON)
  }
  ordered.push(...left)
  if (ordered.length === items.length) return ordered
  for (const item of items) if (weightOf(item) <= 0) ordered.push(item)
  return ordered
}
