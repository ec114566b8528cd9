import { type AskedEndpoint, ProofError, type Reply, UpstreamStatus } from '../proof.ts'
import { MAX_IPNS_RECORD } from './ipns.ts'
import type { IpnsName } from './ipns-name.ts'

const RECORD = 'application/vnd.ipfs.ipns-record'

/** The record of a name as one gateway has it, unverified. */
export async function askIpnsRecord(upstream: AskedEndpoint, { text }: IpnsName): Promise<Buffer> {
  const reply = await upstream.ask({ path: `/ipns/${text}?format=ipns-record`, accept: RECORD })
  const body = reply.body[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    const wrong = classify(reply)
    if (wrong !== null) throw wrong
    for (let next = await body.next(); next.done !== true; next = await body.next()) {
      bytes += next.value.length
      if (bytes > MAX_IPNS_RECORD) throw new ProofError('too-large', 'the IPNS record is too large')
      chunks.push(next.value)
    }
  } finally {
    body.return?.().catch(() => {})
  }
  return Buffer.concat(chunks)
}

function classify({ status, header }: Reply): ProofError | UpstreamStatus | null {
  if (status === 404) return new ProofError('not-found', 'no IPNS record')
  if (status === 410 || status === 451) return new ProofError('blocked', `status ${status}`)
  if (status >= 400) return new UpstreamStatus(status, header('retry-after'))
  const [type] = (header('content-type') ?? '').toLowerCase().split(/[\s;]/, 1)
  // A page that says hello to people is no lie about a record.
  return status === 200 && type === RECORD ? null : new ProofError('unproved', 'the answer is no IPNS record')
}
