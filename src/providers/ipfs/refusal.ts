import { ProofError, type Reply, UpstreamStatus } from '../proof.ts'

/** What a status other than 200 says. */
export function refusal({ status, header }: Pick<Reply, 'status' | 'header'>): ProofError | UpstreamStatus {
  if (status === 404) return new ProofError('not-found', 'status 404')
  if (status === 410 || status === 451) return new ProofError('blocked', `status ${status}`)
  return new UpstreamStatus(status, header('retry-after'))
}

/** Gives up the body of an answer: its end is not waited for, its failure is nobody's. */
export function abandon(reply: Reply): void {
  const body = reply.body[Symbol.asyncIterator]()
  body.return?.().catch(() => {})
}

/** Type and parameters of a media type, in lower case (RFC 9110 section 8.3.1); quotes are not used by what is read here. */
export function mediaType(value: string | null): { readonly type: string; readonly parameters: ReadonlySet<string> } {
  const [type = '', ...parameters] = (value ?? '').split(';').map((part) => part.trim().toLowerCase())
  return { type, parameters: new Set(parameters) }
}
