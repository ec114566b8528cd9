import { createHash, timingSafeEqual } from 'node:crypto'
import type { Snapshot } from '../config/snapshot.ts'
import type { Address } from '../geo/address.ts'
import type { RequestHead } from './request-head.ts'

/** Whether a client may look behind the scenes: its address is one of `debug.clients`, or it knows the token (`Polycdn-Token`). */
export function mayDebug(raw: RequestHead, client: Address, { debug }: Pick<Snapshot, 'debug'>): boolean {
  if (debug.clients.match(client) !== null) return true
  const sent = raw.headers['polycdn-token']
  return debug.token !== null && typeof sent === 'string' && sameSecret(sent, debug.token)
}

/** Compares in a time that tells nothing about the secret. */
export function sameSecret(sent: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(sent), digest(secret))
}
