/**
 * How long links of one URL stay the same: a tenth of their life, in whole seconds. One URL then has one link at a time,
 * which costs one signature and can be cached, and no link lives more than a tenth longer than asked for.
 */
export function slotOf(ttl: number): number {
  return Math.max(1, Math.floor(ttl / 10_000)) * 1000
}
