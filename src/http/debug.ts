import { createHash, timingSafeEqual } from 'node:crypto'
import { type Decision, describeDecision } from '../steering/decision.ts'
import { headerText } from './admit.ts'
import type { Admitted } from './exchange.ts'

/**
 * The Polycdn-Decision field, as a flat list, for a client that asks for it (`Polycdn-Debug: 1`) and may: its address
 * is one of `debug.clients`, or it knows the token (`Polycdn-Token`).
 */
export function decisionField(admitted: Admitted, decision: Decision): string[] {
  if (headerText(admitted.raw, 'polycdn-debug') === null || !mayDebug(admitted)) return []
  const json = JSON.stringify({ client: admitted.client.text, ...describeDecision(decision) })
  return ['polycdn-decision', json.replace(/[^\x20-\x7e]/g, '?')]
}

function mayDebug({ raw, client, generation }: Admitted): boolean {
  const { clients, token } = generation.snapshot.debug
  if (clients.match(client) !== null) return true
  const sent = headerText(raw, 'polycdn-token')
  return token !== null && sent !== null && sameSecret(sent, token)
}

/** Compares in a time that tells nothing about the secret. */
export function sameSecret(sent: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(sent), digest(secret))
}
