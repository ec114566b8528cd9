import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import { placeEndpoints } from '../config/place-endpoints.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { findEndpoints } from '../geo/find-endpoints.ts'
import { Locator } from '../geo/locator.ts'
import { parseGiven } from '../http/given.ts'
import { type AskedRequest, parseQuestion } from '../http/question.ts'
import { explain, type Question } from '../steering/explain.ts'
import { indexSites } from '../steering/match.ts'
import { NEUTRAL_WORLD } from '../steering/world.ts'
import { askAdmin } from './admin-client.ts'
import { printableJson } from './printable-json.ts'
import { renderExplanation } from './render-explanation.ts'
import type { Command, Shell } from './shell.ts'

/** An explanation, or what is wrong with the question. */
type Answer = Record<string, unknown> | PolycdnError

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  ip: { type: 'string' },
  host: { type: 'string' },
  path: { type: 'string', default: '/' },
  method: { type: 'string', default: 'GET' },
  header: { type: 'string', multiple: true, default: [] as string[] },
  given: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  offline: { type: 'boolean', default: false },
} as const

/** `polycdn explain`: asks the running gateway, or decides by itself where all is well (`--offline`). */
export const explainCommand: Command = async (args, shell) => {
  const { values } = parseArgs({ args, options: OPTIONS })
  const { config, ip, host, path, method, given } = values
  if (config === undefined || ip === undefined || host === undefined) {
    shell.err('polycdn: explain needs --config FILE, --ip ADDRESS and --host NAME')
    return 2
  }
  const asked = { ip, host, path, method: method.toUpperCase(), headers: values.header }
  const question = parseQuestion(asked)
  if (question instanceof PolycdnError) return refuse(question, shell)
  const loaded = await loadConfig(config, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const { snapshot } = loaded
  const explanation = await (values.offline
    ? decideOffline(question, given, snapshot)
    : askExplain(asked, given, snapshot))
  if (explanation instanceof PolycdnError) return refuse(explanation, shell)
  shell.out(values.json ? printableJson(explanation) : renderExplanation(explanation))
  return 0
}

function refuse({ message }: PolycdnError, shell: Shell): 2 {
  shell.err(`polycdn: ${message}`)
  return 2
}

async function decideOffline(question: Question, texts: readonly string[], snapshot: Snapshot): Promise<Answer> {
  const given = parseGiven(texts, snapshot)
  if (given instanceof PolycdnError) return given
  const locator = new Locator(() => {})
  const geo = await locator.prepare(snapshot.geoip)
  try {
    const { sites } = placeEndpoints(snapshot, await findEndpoints(snapshot.endpoints, geo.place))
    return explain(question, { findSite: indexSites(sites), place: geo.place, world: NEUTRAL_WORLD, given })
  } finally {
    geo.discard()
  }
}

function askExplain(asked: AskedRequest, given: readonly string[], snapshot: Snapshot): Promise<Answer> {
  const { ip, host, path, method, headers: fields } = asked
  const query = new URLSearchParams({ ip, host, path, method })
  for (const field of fields) query.append('header', field)
  for (const supposition of given) query.append('given', supposition)
  return askAdmin(`/explain?${query}`, snapshot)
}
