/** Samples that are dropped before the percentile is read: 5 % of them, rounded down (432 of 8,640, 36 hours). */
export function freeSamples(samples: number): number {
  return Math.floor(samples / 20)
}

/**
 * The 95th percentile as billed: the samples are sorted, the highest 5 % of them dropped, and the highest that is left
 * counts. `samples` is how many there are; those that `values` does not have are 0.
 */
export function billedPercentile(values: Float64Array, samples: number): number {
  return nthLargest(values, freeSamples(samples))
}

/** `skipped` larger ones are passed over; 0 where there are not as many. */
export function nthLargest(values: Float64Array, skipped: number): number {
  if (skipped >= values.length) return 0
  return values.toSorted()[values.length - 1 - skipped]!
}

/** How many of the values are above `level`. */
export function countAbove(values: Float64Array, level: number): number {
  let above = 0
  for (const value of values) if (value > level) above++
  return above
}
