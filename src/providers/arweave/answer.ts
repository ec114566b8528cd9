import { Parts } from '../parts.ts'
import { type Ask, type AskedEndpoint, ProofError, type Reply } from '../proof.ts'
import { classify } from './classify.ts'

/** Says that nobody waits any more: what is still under way then ends where it next looks. */
export interface Interest {
  lost: boolean
}

/** The JSON object that an endpoint answers with, of at most so many bytes. Nothing about it is believed. */
export async function askJson(
  upstream: AskedEndpoint,
  path: string,
  maxBytes: number,
  interest: Interest,
): Promise<Readonly<Record<string, unknown>>> {
  const ask: Ask = { path, accept: 'application/json' }
  return asJson(await bodyOf(await upstream.ask(ask), maxBytes, interest))
}

/** All bytes of an answer; throws what its status says, and lets go of its body where it is not read to the end. */
export async function bodyOf(reply: Reply, maxBytes: number, interest: Interest): Promise<Buffer> {
  const wrong = classify(reply)
  if (wrong !== null) {
    letGo(reply)
    throw wrong
  }
  const chunks = new Parts()
  let bytes = 0
  for await (const chunk of reply.body) {
    if (interest.lost) throw new ProofError('unproved', 'nobody waits for it any more')
    bytes += chunk.length
    if (bytes > maxBytes) throw new ProofError('too-large', `an answer of more than ${maxBytes} bytes`)
    chunks.add(chunk)
  }
  return Buffer.concat(chunks.all)
}

/** Of a body that nobody reads. */
export function letGo(reply: Reply): void {
  reply.body[Symbol.asyncIterator]()
    .return?.()
    .catch(() => {})
}

function asJson(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    throw new ProofError('unproved', 'the answer is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProofError('unproved', 'the answer is not a JSON object')
  }
  return value as Record<string, unknown>
}
