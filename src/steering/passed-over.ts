import type { Decision } from './decision.ts'

/** The Cdns that would have been chosen before, had their commit not been reached: each once. */
export function passedOver({ candidates, rejected }: Decision): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { endpoint, commitReached } of candidates) if (commitReached) names.add(endpoint.cdnName)
  for (const { endpoint, reason } of rejected) if (reason === 'commit-reached') names.add(endpoint.cdnName)
  return names
}
