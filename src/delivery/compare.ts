import type { ErrorCode } from '../errors.ts'
import { enumerate, shown } from './compare-text.ts'
import type { Representation } from './resume.ts'

/** What one endpoint answered to a GET for the whole object. */
export interface Whole {
  readonly representation: Representation
  /** Several lines joined. */
  readonly cacheControl: string | null
  /** Bytes of body that were read, and whether those are all of it. */
  readonly bytes: number
  readonly complete: boolean
  /** Hexadecimal, of the bytes that were read, in the coding that they came in. */
  readonly sha256: string
}

export interface Failure {
  readonly failure: ErrorCode
}

/** An endpoint, by the name that the report calls it, and what it answered. */
export interface Answer {
  readonly name: string
  readonly result: Whole | Failure
}

export interface Disagreement {
  readonly about: 'answer' | 'status' | 'etag' | 'encoding' | 'length' | 'body' | 'cache-control'
  /** A sentence for people. */
  readonly text: string
}

type Served = Answer & { readonly result: Whole }

/**
 * In what the answers for one object differ, and who gave none. Error pages may differ in everything but their status;
 * lengths and bytes are compared between equal codings only, since another coding is other bytes.
 */
export function disagreements(answers: readonly Answer[]): readonly Disagreement[] {
  const found: Disagreement[] = []
  const served: Served[] = []
  for (const answer of answers) {
    if (isServed(answer)) served.push(answer)
    else if ('failure' in answer.result) {
      found.push({ about: 'answer', text: `${answer.name} gives no answer: ${answer.result.failure}` })
    }
  }
  found.push(
    ...differing(
      'status',
      'the statuses differ',
      group(served, ({ representation: { status } }) => `${status}`),
    ),
  )
  const whole = served.filter(({ result }) => result.representation.status === 200)
  found.push(...etags(whole))
  const byEncoding = group(whole, ({ representation }) => representation.contentEncoding?.toLowerCase() ?? 'identity')
  found.push(...differing('encoding', 'the encodings differ', byEncoding))
  for (const alike of byEncoding.values()) {
    const known = alike.filter(({ result }) => lengthOf(result) !== null)
    found.push(
      ...differing(
        'length',
        'the lengths differ',
        group(known, (whole) => `${lengthOf(whole)}`),
      ),
    )
    found.push(...bodies(alike))
  }
  const caching = group(whole, ({ cacheControl }) => directives(cacheControl))
  found.push(...differing('cache-control', 'Cache-Control differs', caching))
  return found
}

/** The length of the whole object: as promised, else as counted; null where neither is known. */
export function lengthOf({ representation: { contentLength }, bytes, complete }: Whole): number | null {
  if (contentLength !== null && /^\d{1,15}$/.test(contentLength)) return Number(contentLength)
  return complete ? bytes : null
}

/** Whether two endpoints sent other bytes, as far as they were read. */
export function bytesDiffer(a: Whole, b: Whole): boolean {
  return a.sha256 !== b.sha256 && a.complete === b.complete
}

function isServed(answer: Answer): answer is Served {
  return 'representation' in answer.result
}

type Groups = ReadonlyMap<string, readonly Served[]>

function group(answers: readonly Served[], read: (whole: Whole) => string): Groups {
  return Map.groupBy(answers, ({ result }) => read(result))
}

function differing(about: Disagreement['about'], what: string, groups: Groups): Disagreement[] {
  if (groups.size < 2) return []
  const values = [...groups].map(([value, answers]) => `${shown(value)} at ${namesOf(answers)}`)
  return [{ about, text: `${what}: ${values.join('; ')}` }]
}

/** Weakening gets a sentence of its own: it is what CDNs do to an ETag when they touch a body, or might. */
function etags(answers: readonly Served[]): Disagreement[] {
  const groups = group(answers, ({ representation: { etag } }) => etag ?? 'none')
  const found: Disagreement[] = []
  const rest = new Map(groups)
  for (const [weak, answers] of groups) {
    const strong = weak.startsWith('W/') ? groups.get(weak.slice(2)) : undefined
    if (strong === undefined) continue
    rest.delete(weak)
    const verb = answers.length === 1 ? 'weakens' : 'weaken'
    const text = `${namesOf(answers)} ${verb} the ETag that ${namesOf(strong)} gave: ${shown(weak)}, not ${shown(weak.slice(2))}`
    found.push({ about: 'etag', text })
  }
  return [...found, ...differing('etag', 'the ETags differ', rest)]
}

function bodies(answers: readonly Served[]): Disagreement[] {
  const sameLength = group(answers, (whole) => `${lengthOf(whole)} ${whole.complete} ${whole.bytes}`)
  return [...sameLength.values()].flatMap((alike) => {
    const groups = group(alike, ({ sha256 }) => sha256.slice(0, 12))
    return differing('body', 'the bytes differ though their number is the same, SHA-256', groups)
  })
}

/** Order and case of directives mean nothing: RFC 9111 section 5.2. */
function directives(cacheControl: string | null): string {
  if (cacheControl === null) return 'none'
  const list = cacheControl.toLowerCase().split(',')
  return list
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '')
    .sort()
    .join(', ')
}

function namesOf(answers: readonly Answer[]): string {
  return enumerate(answers.map(({ name }) => name))
}
