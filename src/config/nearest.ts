const LONGEST = 64
/** Comparing with more than that would take longer than finding the name oneself. */
const MOST_NAMES = 1000

/**
 * The name closest to `wanted`, when it is close enough to be meant: a typo in a short name, two or three in a longer
 * one, or another letter case. Of equally close ones the one that begins alike.
 */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  if (wanted.length === 0 || wanted.length > LONGEST) return undefined
  const folded = wanted.toLowerCase()
  const most = wanted.length < 3 ? 0 : Math.min(3, Math.floor(wanted.length / 4) + 1)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  let seen = 0
  for (const name of names) {
    if (++seen > MOST_NAMES) break
    if (name === wanted || Math.abs(name.length - wanted.length) > most) continue
    const other = name.toLowerCase()
    const distance = editDistance(folded, other) - commonStart(folded, other) / (LONGEST * 2)
    if (distance < least && Math.ceil(distance) <= most) {
      least = distance
      best = name
    }
  }
  return best
}

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const name = nearest(wanted, names)
  return name === undefined ? '' : `; did you mean ${JSON.stringify(name)}?`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, before[column - 2]! + 1)
      current.push(cost)
    }
    before = above
    above = current
  }
  return above[b.length]!
}
