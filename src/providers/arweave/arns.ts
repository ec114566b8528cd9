import { type AskedEndpoint, ProofError } from '../proof.ts'
import { askJson } from './answer.ts'
import { isTransactionId } from './base64url.ts'

/** What one gateway says that a name stands for. */
export interface ArnsAnswer {
  readonly id: string
  /** Seconds until it may stand for something else: from a minute to a day, whatever the gateway says. */
  readonly ttl: number
}

const MAX_ANSWER = 16 * 1024
const TTL = { least: 60, most: 86_400, default: 900 } as const

/** A name of ArNS, with an undername (`under_name`) or without: a label of a host. */
export function isArnsName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/.test(text)
}

/** Asks one AR.IO gateway; null: it says that there is no such name. What it says proves nothing: see {@link majority}. */
export async function askArns(upstream: AskedEndpoint, name: string): Promise<ArnsAnswer | null> {
  try {
    return readArns(await askJson(upstream, `/ar-io/resolver/${name}`, MAX_ANSWER, { lost: false }))
  } catch (error) {
    if (error instanceof ProofError && error.fault === 'not-found') return null
    throw error
  }
}

function readArns({ txId, ttlSeconds }: Readonly<Record<string, unknown>>): ArnsAnswer {
  if (!isTransactionId(txId)) throw new ProofError('unproved', 'the answer names no transaction')
  const ttl = typeof ttlSeconds === 'number' && ttlSeconds >= 0 ? ttlSeconds : TTL.default
  return { id: txId, ttl: Math.min(Math.max(ttl, TTL.least), TTL.most) }
}

/**
 * What more than half of all gateways that were asked say, and no fewer than `quorum` of them; null: nothing. There is one
 * answer for each gateway, null where it had none: who is silent agrees with nobody.
 */
export function majority(answers: readonly (string | null)[], quorum: number): string | null {
  const votes = new Map<string, number>()
  for (const answer of answers) if (answer !== null) votes.set(answer, (votes.get(answer) ?? 0) + 1)
  const winner = [...votes].find(([, count]) => count >= quorum && 2 * count > answers.length)
  return winner?.[0] ?? null
}
