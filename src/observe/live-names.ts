import { OTHER } from './family.ts'

/** The names that a configuration still has. Endpoints are their URLs, as in the `endpoint` label. */
export interface LiveNames {
  readonly sites: ReadonlySet<string>
  readonly cdns: ReadonlySet<string>
  readonly policies: ReadonlySet<string>
  readonly endpoints: ReadonlySet<string>
  /** Host names whose certificates are ordered. */
  readonly certificates: ReadonlySet<string>
}

/** Values that are no configured names, and so never go stale. */
const RESERVED: ReadonlySet<string> = new Set([OTHER, 'origin', 'none'])

const OWNER = {
  site: 'sites',
  cdn: 'cdns',
  from: 'cdns',
  to: 'cdns',
  policy: 'policies',
  endpoint: 'endpoints',
  name: 'certificates',
} as const satisfies Record<string, keyof LiveNames>

/** Whether any label names something that is no longer configured. */
export function isStale(labels: Readonly<Record<string, string>>, live: LiveNames): boolean {
  return Object.entries(labels).some(([name, value]) => {
    const owner = (OWNER as Readonly<Record<string, keyof LiveNames>>)[name]
    return owner !== undefined && !RESERVED.has(value) && !live[owner].has(value)
  })
}
