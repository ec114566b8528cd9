import type { Ask, AskedEndpoint, Reply } from '../../../../src/providers/proof.ts'

/** An upstream without a network: it answers with what a function gives, or with 404. */
export function memoryUpstream(answer: (ask: Ask) => MemoryAnswer | null): AskedEndpoint {
  const ask = async (asked: Ask): Promise<Reply> => {
    const found = answer(asked)
    const header = (name: string) => (name === 'content-type' ? (found?.type ?? null) : null)
    return { status: found === null ? 404 : 200, header, body: each(found?.body ?? []) }
  }
  return { key: 'memory', ask }
}

export interface MemoryAnswer {
  readonly type: string
  readonly body: Iterable<Uint8Array>
}

export const CAR_TYPE = 'application/vnd.ipld.car; version=1; order=dfs; dups=y'

async function* each(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part
}
