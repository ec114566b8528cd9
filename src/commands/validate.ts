import { parseArgs } from 'node:util'
import type { Environment } from '../config/interpolate.ts'
import { loadConfig } from '../config/load.ts'
import type { Locate } from '../config/parsed.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { prepareGeo } from '../gateway/prepare-geo.ts'
import { Locator } from '../geo/locator.ts'
import type { Command } from './shell.ts'

export interface Validation {
  readonly code: 0 | 2
  /** For standard output. */
  readonly summary: string | null
  /** For standard error, warnings included. */
  readonly problems: readonly Problem[]
}

/** `polycdn validate --config FILE`: every problem on a line of its own, or a summary. */
export const validate: Command = async (args, shell) => {
  const { values } = parseArgs({ args, options: { config: { type: 'string', short: 'c' } } })
  if (values.config === undefined) {
    shell.err('polycdn: validate needs --config FILE')
    return 2
  }
  const { code, summary, problems } = await validateFile(values.config, shell.env)
  for (const problem of problems) shell.err(formatProblem(problem))
  if (summary !== null) shell.out(summary)
  return code
}

/** Does everything that a gateway does with the file before it serves, and keeps nothing of it. */
export async function validateFile(path: string, env: Environment): Promise<Validation> {
  const loaded = await loadConfig(path, env)
  if ('problems' in loaded) return { code: 2, summary: null, problems: loaded.problems }
  const { snapshot, warnings, locate } = loaded
  const problems = await checkDatabases(snapshot, locate)
  if (problems.length > 0) return { code: 2, summary: null, problems: [...problems, ...warnings] }
  return { code: 0, summary: summarise(snapshot), problems: warnings }
}

/** The bundled table is known to be right. */
async function checkDatabases(snapshot: Snapshot, locate: Locate): Promise<readonly Problem[]> {
  const { database, asnDatabase } = snapshot.geoip
  if (database === null && asnDatabase === null) return []
  try {
    const prepared = await prepareGeo(new Locator(() => {}), snapshot, locate)
    prepared.discard()
    return []
  } catch (thrown) {
    if (thrown instanceof ConfigRejected) return thrown.problems
    throw thrown
  }
}

function summarise({ sites, cdns, endpoints }: Snapshot): string {
  const routes = sites.reduce((sum, site) => sum + site.routes.length, 0)
  const counts = [
    count(sites.length, 'site'),
    count(routes, 'route'),
    count(cdns.length, 'CDN'),
    count(endpoints.length, 'endpoint'),
  ]
  return `ok: ${counts.join(', ')}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
