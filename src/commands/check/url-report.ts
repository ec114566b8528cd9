import type { Endpoint } from '../../config/snapshot.ts'
import { type Disagreement, disagreements, lengthOf } from '../../delivery/compare.ts'
import type { Admitted } from '../../http/exchange.ts'
import type { Inquiry } from './ask.ts'
import { type EndpointReport, reportEndpoint } from './endpoint-report.ts'
import { type ResumeReport, resumes } from './resumes.ts'
import { askParts, lookAt, type Subject } from './subject.ts'

/** What was found out about one URL, as `--json` shows it. */
export interface UrlReport {
  readonly url: string
  readonly site: string
  readonly route: string
  readonly policy: string
  /** Nothing fails, all agree, and a body may break off anywhere. */
  readonly ok: boolean
  readonly endpoints: readonly EndpointReport[]
  readonly disagreements: readonly Disagreement[]
  /** Empty where no switch is possible, and for an object without bytes. */
  readonly resume: readonly ResumeReport[]
  readonly notes: readonly string[]
}

/** Puts one visitor's request to every endpoint of its Route and of the Origin, all at once, and compares. */
export async function checkUrl(url: string, inquiry: Inquiry): Promise<UrlReport> {
  const { site, route } = inquiry.admitted
  const endpoints = [...new Set([...route.endpoints, ...(site.origin?.endpoints ?? [])])]
  const names = namesOf(endpoints)
  const subjects = await Promise.all(endpoints.map((endpoint, at) => lookAt(inquiry, endpoint, names[at]!)))
  const parts = await Promise.all(subjects.map((subject) => askParts(inquiry, subject, subjects)))
  const found = disagreements(subjects)
  const isEmpty = subjects.length > 0 && subjects.every(hasNoBytes)
  const resume = isEmpty ? [] : resumes(route.policy, subjects, parts)
  const mayBreak = isEmpty || (resume.length > 0 && resume.every(({ result }) => result === 'works'))
  return {
    url,
    site: site.name,
    route: route.name,
    policy: route.policy.name,
    ok: found.length === 0 && mayBreak && subjects.every(({ tls }) => tls === null || tls.error === null),
    endpoints: subjects.map((subject, at) => reportEndpoint(subject, parts[at]!)),
    disagreements: found,
    resume,
    notes: notesOn(inquiry.admitted, subjects, resume.length === 0 && !isEmpty),
  }
}

/** A Cdn's name where it has one endpoint here, else with the URL. */
function namesOf(endpoints: readonly Endpoint[]): string[] {
  const counts = Map.groupBy(endpoints, ({ cdnName }) => cdnName)
  return endpoints.map(({ cdnName, url }) => (counts.get(cdnName)!.length === 1 ? cdnName : `${cdnName} ${url}`))
}

/** Of an empty object nothing can be lost. */
function hasNoBytes({ result }: Subject): boolean {
  return 'representation' in result && result.representation.status === 200 && lengthOf(result) === 0
}

/** What explains the findings without being one. */
function notesOn({ route, site }: Admitted, subjects: readonly Subject[], alone: boolean): string[] {
  const { policy } = route
  const notes: string[] = []
  if (policy.mode === 'redirect') {
    notes.push(`policy ${policy.name} redirects: the gateway carries no body, so it is the client that has to resume`)
  }
  if (policy.mode !== 'origin' && policy.fallback === 'none' && site.origin !== null) {
    notes.push(`policy ${policy.name} does not fall back to the origin, so nothing is resumed there`)
  }
  const { on } = policy.retry
  if (on.has('reset') !== on.has('response-timeout')) {
    const what = on.has('reset') ? 'falls silent (response-timeout)' : 'is cut (reset)'
    notes.push(`retry.on of policy ${policy.name} does not list that a body ${what}: then it is not resumed`)
  }
  for (const { name, endpoint, tls, result } of subjects) {
    if (endpoint.cdn?.drain === true) notes.push(`${name} is drained: visitors do not get it`)
    if (endpoint.cdn?.trust === false) notes.push(`${name} is not trusted: visitors do not get it without proof`)
    if (tls?.error === null && !tls.verified)
      notes.push(`the certificate of ${name} does not hold, and is not verified`)
    if ('bytes' in result && !result.complete) notes.push(`only the first ${result.bytes} bytes of ${name} were read`)
  }
  if (alone) notes.push('there is no endpoint at which a body could go on')
  return notes
}
