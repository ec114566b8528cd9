import type { Policy } from '../config/snapshot.ts'
import { etagStrength } from './compare-etag.ts'
import { shown } from './compare-text.ts'
import { continues, type Representation, type Resumable, resumable } from './resume.ts'

type ResumeSettings = Policy['resume']

/** Why nothing could continue this answer elsewhere, for people; null where `resumable` says that something could. */
export function whyNotResumable(answer: Representation, settings: ResumeSettings): string | null {
  if (resumable(answer, settings) !== null) return null
  if (!settings.enabled) return 'resume.enabled is false in the policy'
  const { status, etag, contentLength, lastModified } = answer
  if (status !== 200) return `it answers ${status}`
  const length = contentLength === null ? 1 : Number(contentLength)
  if (!Number.isSafeInteger(length)) return 'its Content-Length is no number'
  if (length < 1) return 'it has no bytes'
  const strength = etagStrength(etag)
  const about = strength === 'none' ? 'it has no ETag' : `its ETag is ${strength} (${shown(etag!)})`
  if (settings.require === 'strong-etag') return about
  if (lastModified === null) return `${about}, and it has no Last-Modified`
  return `${about}, and its length is not known`
}

/** Why an answer to `partFrom` is refused as the rest, for people; null where `continues` takes it. */
export function whyRefused(expected: Resumable, delivered: number, answer: Representation): string | null {
  if (continues(expected, delivered, answer)) return null
  const { status, contentRange } = answer
  if (status !== 200 && status !== 206) return `it answers ${status} to the Range request`
  const other = otherValidator(expected, answer) ?? otherEncoding(expected, answer)
  if (status === 206) return other ?? otherRange(expected, contentRange)
  return other ?? otherLength(expected, answer) ?? 'it ignores the Range and answers 200 with the whole'
}

/** What the policy itself says against going on at `to`; null: nothing. */
export function whyNotAsked({ retry }: Policy, fromOrigin: boolean, toOrigin: boolean): string | null {
  if (!retry.on.has('reset') && !retry.on.has('response-timeout')) {
    return 'retry.on has neither reset nor response-timeout'
  }
  return !fromOrigin && !toOrigin && retry.attempts < 2 ? 'retry.attempts is 1' : null
}

function otherValidator({ proof, validator }: Resumable, { etag, lastModified }: Representation): string | null {
  if (proof === 'date') {
    if (lastModified === validator) return null
    return lastModified === null ? 'it has no Last-Modified' : `its Last-Modified is ${shown(lastModified)}`
  }
  if (etag === validator) return null
  if (etag === null) return 'it has no ETag'
  if (etag === `W/${validator}`) return `it weakens the ETag (${shown(etag)})`
  return `its ETag is ${shown(etag)}, not ${shown(validator)}`
}

function otherEncoding({ encoding }: Resumable, { contentEncoding }: Representation): string | null {
  const other = contentEncoding?.toLowerCase() ?? null
  return other === encoding
    ? null
    : `its encoding is ${shown(other ?? 'identity')}, not ${shown(encoding ?? 'identity')}`
}

function otherLength({ completeLength }: Resumable, { contentLength }: Representation): string | null {
  if (completeLength === null || contentLength === null || Number(contentLength) === completeLength) return null
  return `its length is ${shown(contentLength)}, not ${completeLength}`
}

function otherRange({ completeLength }: Resumable, contentRange: string | null): string {
  if (contentRange === null) return 'it answers 206 without one Content-Range'
  const complete = /\/(\d+)$/.exec(contentRange)?.[1]
  if (complete !== undefined && completeLength !== null && Number(complete) !== completeLength) {
    return `its length is ${shown(complete)}, not ${completeLength}`
  }
  return `its Content-Range (${shown(contentRange)}) or Content-Length is not what was asked for`
}
