import { ProofError, type Reply, UpstreamStatus } from '../proof.ts'

/** What an answer's status says; null: that its body is to be looked at. A redirect to a sandbox host is no answer. */
export function classify({ status, header }: Pick<Reply, 'status' | 'header'>): ProofError | UpstreamStatus | null {
  if (status === 200) return null
  // 202: it has heard of the transaction, and has nothing of it yet.
  if (status === 404 || status === 202) return new ProofError('not-found', `status ${status}`)
  if (status === 410 || status === 451) return new ProofError('blocked', `status ${status}`)
  if (status < 400) return new ProofError('unproved', `status ${status} instead of an answer`)
  return new UpstreamStatus(status, header('retry-after'))
}
