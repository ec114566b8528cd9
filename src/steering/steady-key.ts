import type { Policy } from '../config/snapshot.ts'
import { clientNetwork } from './client-network.ts'
import { hashKey } from './hash-key.ts'
import type { RequestFacts } from './request-facts.ts'

/** What all requests have in common that shall get the same endpoint; null where a policy keeps none together. */
export function steadyKey({ strategy, hashOn, affinity }: Policy, request: RequestFacts): string | null {
  if (strategy === 'hash') return hashKey(hashOn, request)
  return affinity === 'client-network' ? clientNetwork(request.client) : null
}
