import { type Decision, describeDecision } from '../steering/decision.ts'
import { headerText } from './admit.ts'
import type { Admitted } from './exchange.ts'
import { mayDebug } from './may-debug.ts'

/**
 * The Polycdn-Decision field, as a flat list, for a client that asks for it (`Polycdn-Debug: 1`) and may.
 */
export function decisionField(admitted: Admitted, decision: Decision): string[] {
  const { raw, client, generation } = admitted
  if (headerText(raw, 'polycdn-debug') === null || !mayDebug(raw, client, generation.snapshot)) return []
  const json = JSON.stringify({ client: client.text, ...describeDecision(decision) })
  return ['polycdn-decision', json.replace(/[^\x20-\x7e]/g, '?')]
}
