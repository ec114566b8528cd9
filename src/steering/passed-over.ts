import type { Decision, Rejection } from './decision.ts'

/** Of nearly all decisions: no set is made for them. */
const NOBODY: ReadonlySet<string> = new Set()

/** The Cdns that would have been chosen before, had their commit not been reached: each once. */
export function passedOver({ candidates, rejected }: Decision): ReadonlySet<string> {
  const isMissed = (reason: Rejection['reason']) => reason === 'commit-reached'
  if (!candidates.some(({ commitReached }) => commitReached) && !rejected.some(({ reason }) => isMissed(reason))) {
    return NOBODY
  }
  const names = new Set<string>()
  for (const { endpoint, commitReached } of candidates) if (commitReached) names.add(endpoint.cdnName)
  for (const { endpoint, reason } of rejected) if (isMissed(reason)) names.add(endpoint.cdnName)
  return names
}
