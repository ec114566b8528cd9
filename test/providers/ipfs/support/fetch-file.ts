import type { AskedEndpoint, Proof, ProvedObject, Wanted } from '../../../../src/providers/proof.ts'

/** What a delivery does in its simplest form: one endpoint after the other, from the byte where the last one failed. */
export interface Fetched {
  readonly object: ProvedObject
  readonly bytes: Buffer
  /** What ended an endpoint's part, in the order of the endpoints. */
  readonly failures: readonly unknown[]
}

export async function fetchFile(
  proof: Proof,
  upstreams: readonly AskedEndpoint[],
  range: { readonly first: number; readonly last: number | null } = { first: 0, last: null },
): Promise<Fetched> {
  const failures: unknown[] = []
  const parts: Uint8Array[] = []
  let object: ProvedObject | null = null
  let got = 0
  for (const upstream of upstreams) {
    try {
      const wanted: Wanted = object === null ? range : { first: startOf(range, object) + got, last: range.last }
      const located = await proof.locate(upstream, wanted)
      if (located.kind !== 'object') throw new Error(`located: ${JSON.stringify(located)}`)
      object = located
      for await (const part of located.read(startOf(range, object) + got, range.last ?? object.size - 1)) {
        parts.push(part)
        got += part.length
      }
      return { object, bytes: Buffer.concat(parts), failures }
    } catch (error) {
      failures.push(error)
    }
  }
  throw new AggregateError(failures, `every endpoint failed after ${got} bytes: ${failures.join('; ')}`)
}

function startOf({ first }: { readonly first: number }, { size }: ProvedObject): number {
  return first < 0 ? Math.max(0, size + first) : first
}
