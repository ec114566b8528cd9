/** The first pause before a worker that died is replaced, and the longest. Milliseconds. */
const FIRST = 100
const LONGEST = 10_000
/** Who lived for so long did not die of how it was started. */
const LONG_LIFE = 60_000

/** The pause before the next start, after a life of so many milliseconds. 0: the pause before it, where there was one. */
export function nextPause(before: number, life: number): number {
  if (before === 0 || life >= LONG_LIFE) return FIRST
  return Math.min(before * 2, LONGEST)
}
