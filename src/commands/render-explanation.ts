/** An endpoint in a Decision; whatever else is told of it, distances and times, is shown as it comes. */
interface Ranked {
  readonly cdn: string
  readonly url: string
  readonly reason: string
  readonly km?: number | null
  readonly [fact: string]: unknown
}

interface Explanation {
  readonly client?: string
  readonly host?: string
  readonly path?: string
  readonly method?: string
  readonly place?: Place
  readonly given?: Readonly<Record<string, readonly string[]>>
  readonly site?: string | null
  readonly route?: string | null
  readonly problem?: string
  readonly passed_to?: readonly { readonly cdn: string; readonly url: string }[]
  readonly decision?: {
    readonly policy: string
    readonly mode: string
    readonly strategy: string
    readonly measured_from: string
    readonly candidates: readonly Ranked[]
    readonly rejected: readonly Ranked[]
  }
  readonly drawn_among?: readonly string[]
  readonly fallback?: readonly string[]
}

interface Place {
  readonly network: string
  readonly source: string
  readonly location: { readonly latitude: number; readonly longitude: number } | null
  readonly country?: string | null
  readonly asn?: number | null
}

/** An explanation as a tree for people. */
export function renderExplanation(explanation: Explanation): string {
  const { client, host, path, method, place, given } = explanation
  const facts = [`place: ${describePlace(place)}`]
  for (const [state, names] of Object.entries(given ?? {})) facts.push(`given: ${names.join(', ')} ${state}`)
  return [`${method} ${host}${path} from ${client}`, ...branches([...facts, ...outcome(explanation)])].join('\n')
}

function outcome(explanation: Explanation): readonly (string | readonly string[])[] {
  const { site, route, problem, passed_to: passedTo, decision, drawn_among: drawn, fallback } = explanation
  if (problem !== undefined || decision === undefined) return [problem ?? 'nothing was decided']
  const where = `site ${site}, route ${route}`
  if (passedTo !== undefined) {
    return [where, `passed to ${passedTo.map(({ cdn, url }) => `${cdn} ${url}`).join(', ') || 'nobody'}`]
  }
  const { policy, mode, strategy, measured_from: from, candidates, rejected } = decision
  return [
    where,
    `policy ${policy}: ${mode}, ${strategy}, measured from ${from === 'nowhere' ? from : `the ${from}`}`,
    [
      ...candidates.map((candidate, at) => `${at + 1}. ${describe(candidate)}`),
      ...rejected.map((rejection) => `✗  ${describe(rejection)}`),
    ],
    ...(drawn === undefined ? [] : [`the first is drawn anew for each request: ${drawn.join(' or ')}`]),
    `then ${fallback?.length ? `the origin ${fallback.join(', ')}` : 'nothing: 502, 503 or 504'}`,
  ]
}

/** Lines with their branches; a list is the twigs of the line before it. */
function branches(items: readonly (string | readonly string[])[]): string[] {
  const last = items.findLastIndex((item) => typeof item === 'string')
  return items.flatMap((item, at) => {
    if (typeof item === 'string') return [`${at === last ? '└─' : '├─'} ${item}`]
    return branches(item).map((line) => `${at > last ? ' ' : '│'}  ${line}`)
  })
}

function describePlace(place: Place | undefined): string {
  if (place === undefined) return 'unknown'
  const { location, network, source, country = null, asn = null } = place
  if (location === null && country === null && asn === null) return 'unknown'
  const where = location === null ? 'unknown' : `${location.latitude}, ${location.longitude}`
  const facts = [network, source, country, asn === null ? null : `AS ${asn}`].filter((fact) => fact !== null)
  return `${where} (${facts.join(', ')})`
}

function describe({ cdn, url, reason, km = null, ...others }: Ranked): string {
  const facts = Object.entries({ ...others })
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
  return `${cdn}  ${url}  ${[reason, ...(km === null ? [] : [`${km} km`]), ...facts].join(', ')}`
}
