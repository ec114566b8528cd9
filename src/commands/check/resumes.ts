import type { Policy } from '../../config/snapshot.ts'
import { bytesDiffer } from '../../delivery/compare.ts'
import { whyNotAsked, whyNotResumable, whyRefused } from '../../delivery/compare-resume.ts'
import { partFrom } from '../../delivery/resume.ts'
import { type Parts, partKey, type Subject } from './subject.ts'

/**
 * Whether a body that breaks off at `from` goes on at `to`. `wrong`: it would, with bytes of another object, since both
 * call theirs by the same validator.
 */
export interface ResumeReport {
  readonly from: string
  readonly to: string
  readonly result: 'works' | 'refused' | 'wrong'
  /** Where it says `it`, `to` is meant. */
  readonly why: string | null
}

/** Every switch that the gateway could make in the middle of a body, and what would become of it. */
export function resumes(policy: Policy, subjects: readonly Subject[], parts: readonly Parts[]): ResumeReport[] {
  const usesOrigin = policy.mode === 'origin' || policy.fallback === 'origin'
  const takesPart = ({ endpoint: { cdn } }: Subject) => (cdn === null ? usesOrigin : cdn.trust)
  return subjects.filter(takesPart).flatMap((from) =>
    subjects.flatMap((to, at) => {
      // An endpoint of the origin is asked once; one of a CDN may be asked again.
      if (!takesPart(to) || (to === from && isOrigin(to))) return []
      return [resume(policy, from, to, parts[at]!)]
    }),
  )
}

function resume(policy: Policy, from: Subject, to: Subject, { answers }: Parts): ResumeReport {
  const refused = (why: string): ResumeReport => ({ from: from.name, to: to.name, result: 'refused', why })
  const forbidden = whyNotAsked(policy, isOrigin(from), isOrigin(to))
  if (forbidden !== null) return refused(`the policy does not allow it: ${forbidden}`)
  if ('failure' in from.result) return refused(`${from.name} gives no answer`)
  if (from.expected === null) {
    const why = whyNotResumable(from.result.representation, policy.resume)
    return refused(`what ${from.name} sends cannot be continued: ${why}`)
  }
  if ('failure' in to.result) return refused(`${to.name} gives no answer`)
  const answer = answers.get(partKey(partFrom(from.expected, from.delivered)))!
  if ('failure' in answer) return refused(`${to.name} does not answer the Range request: ${answer.failure}`)
  const why = whyRefused(from.expected, from.delivered, answer)
  if (why !== null) return refused(why)
  if (!bytesDiffer(from.result, to.result)) return { from: from.name, to: to.name, result: 'works', why: null }
  const wrong = `${from.name} and ${to.name} call different bytes by the same validator, so they would be mixed`
  return { from: from.name, to: to.name, result: 'wrong', why: wrong }
}

function isOrigin({ endpoint }: Subject): boolean {
  return endpoint.cdn === null
}
