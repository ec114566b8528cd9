import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { parseHost } from '../http/host.ts'
import { parseTarget } from '../http/target.ts'
import type { FirstChoice } from '../steering/compare-countries.ts'
import { type Change, type Comparison, compareRequest, compareRoutes } from './diff/compare.ts'
import { openOffline } from './offline.ts'
import { printableJson } from './printable-json.ts'
import type { Command, Shell } from './shell.ts'

const OPTIONS = {
  path: { type: 'string' },
  host: { type: 'string' },
  'exit-code': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

/** `polycdn diff OLD NEW`: the countries whose first choice changes, where all is well. */
export const diff: Command = async (args, shell) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const [old, now] = positionals
  if (old === undefined || now === undefined || positionals.length > 2) {
    return usage('diff needs two configurations, the old and the new one', shell)
  }
  const request = requestOf(values.path, values.host)
  if (request instanceof PolycdnError) return usage(request.message, shell)
  const before = await read(old, shell)
  const after = await read(now, shell)
  const found = request === null ? compareRoutes(before, after) : compareRequest(before, after, request)
  shell.out(values.json ? printableJson({ comparisons: found }) : found.map(render).join('\n'))
  return values['exit-code'] && found.some(({ changes }) => changes.length > 0) ? 1 : 0
}

function usage(message: string, shell: Shell): 2 {
  shell.err(`polycdn: ${message}`)
  return 2
}

/** Countries have places of their own; only endpoints of `location: auto` need the geo database. */
async function read(file: string, shell: Shell): Promise<Snapshot> {
  const loaded = await loadConfig(file, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  if (!loaded.snapshot.endpoints.some(({ locationAuto }) => locationAuto)) return loaded.snapshot
  const { snapshot, close } = await openOffline(file, shell, true)
  close()
  return snapshot
}

/** null: nobody names one, and whole routes are compared. */
function requestOf(path: string | undefined, host: string | undefined) {
  if (path === undefined && host === undefined) return null
  const target = parseTarget(path ?? '/', 'GET')
  const name = host === undefined ? null : parseHost(host)
  if (target instanceof PolycdnError) return target
  if (name instanceof PolycdnError) return name
  return { path: target.matchPath, host: name?.name ?? null }
}

function render({ site, route, countries, changes }: Comparison): string {
  const title = route === null ? `site ${site}` : `site ${site}, route ${route}`
  if (changes.length === 0) return `${title}: nothing changes`
  const moved = changes.reduce((sum, change) => sum + change.countries.length, 0)
  return [`${title}: ${moved} of ${countries} countries change`, ...changes.map((one) => line(one, countries))].join(
    '\n',
  )
}

function line({ from, to, countries }: Change, all: number): string {
  const who = countries.length === all ? 'everywhere' : countries.join(' ')
  return `  ${shown(from)} → ${shown(to)}: ${who}`
}

function shown(choice: FirstChoice | null): string {
  return choice === null ? 'no route' : choice.join(' or ')
}
