import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { policiesInUse } from './use.ts'

/** Settings of a policy that contradict each other, or the gateway's. */
export function checkPolicies(root: Located, problems: ProblemList): void {
  const policies = entries(child(root, 'policies'))
  const inUse = policiesInUse(root)
  const extended = new Set(policies.map(([, policy]) => text(child(policy, 'extends'))))
  const located = (child(child(root, 'gateway'), 'location')?.value ?? null) !== null
  for (const [name, policy] of policies) {
    const isBase = extended.has(name) && !inUse.has(name)
    if (!isBase) checkHasCdns(policy, problems)
    checkMeasure(policy, located, problems)
    checkDistinct(policy, problems)
  }
}

const modeOf = (policy: Located): string => text(child(policy, 'mode')) ?? 'proxy'

function checkHasCdns(policy: Located, problems: ProblemList): void {
  const mode = modeOf(policy)
  const cdns = child(policy, 'cdns')
  if (mode !== 'proxy' && mode !== 'redirect') return
  if (cdns !== undefined && (!Array.isArray(cdns.value) || cdns.value.length > 0)) return
  problems.error(cdns ?? policy, `a policy in mode ${mode} needs "cdns"`)
}

/** In proxy mode the bytes run through the gateway, so the closest to the client is not the closest way. */
function checkMeasure(policy: Located, located: boolean, problems: ProblemList): void {
  const measure = child(policy, 'measure_from')
  if (measure === undefined) return
  const mode = modeOf(policy)
  if (measure.value === 'gateway' && mode === 'redirect') {
    problems.warn(measure, 'mode redirect sends the client to the CDN itself and always measures from the client')
  } else if (measure.value === 'gateway' && !located) {
    problems.error(measure, 'measuring from the gateway needs gateway.location')
  } else if (measure.value === 'client' && mode === 'proxy' && located) {
    problems.warn(
      measure,
      'in mode proxy all bytes run through the gateway: measured from the client, they may take a long way round',
    )
  }
}

function checkDistinct(policy: Located, problems: ProblemList): void {
  const seen = new Set<string>()
  for (const node of items(child(policy, 'cdns'))) {
    const name = text(node)
    if (name !== undefined && seen.has(name)) problems.error(node, 'this CDN stands here already')
    if (name !== undefined) seen.add(name)
  }
}
