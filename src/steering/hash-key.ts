import type { HashOn } from '../config/snapshot.ts'
import { clientNetwork } from './client-network.ts'
import type { RequestFacts } from './request-facts.ts'

/** What of a request is hashed; without the header, the path. */
export function hashKey(hashOn: HashOn, request: RequestFacts): string {
  if (hashOn === 'path') return request.path
  return hashOn === 'client-network' ? clientNetwork(request.client) : (request.header(hashOn.header) ?? request.path)
}
