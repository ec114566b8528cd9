import type { Endpoint } from '../../config/snapshot.ts'
import { type Failure, lengthOf } from '../../delivery/compare.ts'
import { type Part, partFrom, type Representation, type Resumable, resumable } from '../../delivery/resume.ts'
import { askPart, askWhole, type Inquiry, type TimedWhole } from './ask.ts'
import { lookAtTls, type TlsReport } from './tls.ts'

/** One endpoint and what it answered to a request for the whole object. */
export interface Subject {
  readonly endpoint: Endpoint
  /** What the report calls it. */
  readonly name: string
  readonly tls: TlsReport | null
  readonly result: TimedWhole | Failure
  /** What could continue its answer elsewhere; null: nothing. */
  readonly expected: Resumable | null
  /** The middle of its body: where it is supposed to break off. */
  readonly delivered: number
}

/** What an endpoint answered when it was asked for the rest of others' answers, and of its own. */
export interface Parts {
  /** By {@link partKey}. */
  readonly answers: ReadonlyMap<string, Representation | Failure>
  /** To a Range without If-Range; null where that needed no asking. */
  readonly bare: Representation | Failure | null
}

/** Asks one endpoint for the whole. */
export async function lookAt(inquiry: Inquiry, endpoint: Endpoint, name: string): Promise<Subject> {
  const { host, route } = inquiry.admitted
  const { retry, resume } = route.policy
  const question = { endpoint, host: host.name, timeout: retry.connectTimeout }
  const [tls, result] = await Promise.all([lookAtTls(question, inquiry.timers), askWhole(inquiry, endpoint)])
  const expected = 'failure' in result ? null : resumable(result.representation, resume)
  const length = 'failure' in result ? 0 : (lengthOf(result) ?? result.bytes)
  return { endpoint, name, tls, result, expected, delivered: Math.floor(length / 2) }
}

/** Asks an endpoint to go on where each of the answers could have broken off. Equal questions are asked once. */
export async function askParts(inquiry: Inquiry, subject: Subject, subjects: readonly Subject[]): Promise<Parts> {
  const { endpoint, result, delivered } = subject
  const answers = new Map<string, Representation | Failure>()
  if ('failure' in result) return { answers, bare: null }
  for (const other of subjects) {
    if (other.expected === null) continue
    const part = partFrom(other.expected, other.delivered)
    const key = partKey(part)
    if (!answers.has(key)) answers.set(key, await askPart(inquiry, endpoint, part))
  }
  const knowsRange = [...answers.values()].some((answer) => 'status' in answer && answer.status === 206)
  if (knowsRange || result.representation.status !== 200 || result.bytes === 0) return { answers, bare: null }
  // If-Range hides whether it knows Range at all, where its own validator is another.
  return { answers, bare: await askPart(inquiry, endpoint, { range: `bytes=${delivered}-`, ifRange: null }) }
}

export function partKey({ range, ifRange }: Part): string {
  return `${range}\n${ifRange}`
}
