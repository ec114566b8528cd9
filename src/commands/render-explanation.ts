interface Ranked {
  readonly cdn: string
  readonly url: string
  readonly reason: string
  readonly km?: number | null
}

interface Explanation {
  readonly client?: string
  readonly host?: string
  readonly path?: string
  readonly method?: string
  readonly place?: { readonly network: string; readonly source: string; readonly location: Point | null }
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
  readonly fallback?: readonly string[]
}

interface Point {
  readonly latitude: number
  readonly longitude: number
}

/** An explanation as a tree for people. */
export function renderExplanation(explanation: Explanation): string {
  const {
    client,
    host,
    path,
    method,
    place,
    site,
    route,
    problem,
    passed_to: passedTo,
    decision,
    fallback,
  } = explanation
  const lines = [`${method} ${host}${path} from ${client}`, `├─ place: ${describePlace(place)}`]
  if (problem !== undefined || decision === undefined) return [...lines, `└─ ${problem}`].join('\n')
  lines.push(`├─ site ${site}, route ${route}`)
  if (passedTo !== undefined) {
    return [...lines, `└─ passed to ${passedTo.map(({ cdn, url }) => `${cdn} ${url}`).join(', ') || 'nobody'}`].join(
      '\n',
    )
  }
  const { policy, mode, strategy, measured_from: from, candidates, rejected } = decision
  lines.push(`├─ policy ${policy}: ${mode}, ${strategy}, measured from the ${from}`)
  lines.push(...candidates.map((candidate, at) => `├─ ${at + 1}. ${describe(candidate)}`))
  lines.push(...rejected.map((rejection) => `├─ –  ${describe(rejection)}`))
  lines.push(`└─ then ${fallback?.length ? `the origin ${fallback.join(', ')}` : 'nothing: 502, 503 or 504'}`)
  return lines.join('\n')
}

function describePlace(place: Explanation['place']): string {
  if (place === undefined || place.location === null) return 'unknown'
  const { latitude, longitude } = place.location
  return `${latitude}, ${longitude} (${place.network}, ${place.source})`
}

function describe({ cdn, url, reason, km }: Ranked): string {
  return `${cdn}  ${url}  ${reason}${km === null || km === undefined ? '' : `, ${km} km`}`
}
