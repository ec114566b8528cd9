/** What active checks say about an endpoint: `unknown` until enough of them agree, and then as good as healthy. */
export interface CheckState {
  readonly verdict: 'unknown' | 'healthy' | 'unhealthy'
  /** Results in a row that contradict the verdict. */
  readonly streak: number
}

export const UNCHECKED: CheckState = { verdict: 'unknown', streak: 0 }

/** What an earlier process found: the next check may contradict it at once. */
export const HINTED_UNHEALTHY: CheckState = { verdict: 'unhealthy', streak: Number.MAX_SAFE_INTEGER - 1 }

export interface Thresholds {
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
}

/** The state after one more result. From `unknown` one success is enough; failures have to agree, as ever. */
export function afterCheck(state: CheckState, passed: boolean, thresholds: Thresholds): CheckState {
  if (state.verdict === 'unknown' && passed) return { verdict: 'healthy', streak: 0 }
  const agrees = state.verdict !== 'unknown' && passed === (state.verdict === 'healthy')
  if (agrees) return state.streak === 0 ? state : { ...state, streak: 0 }
  const streak = state.streak + 1
  const needed = passed ? thresholds.healthyThreshold : thresholds.unhealthyThreshold
  return streak < needed ? { ...state, streak } : { verdict: passed ? 'healthy' : 'unhealthy', streak: 0 }
}
