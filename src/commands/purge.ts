import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import type { PurgeReport } from '../gateway/purge-desk.ts'
import { askAdmin } from './admin-client.ts'
import { printableJson } from './printable-json.ts'
import { renderPurge } from './render-purge.ts'
import type { Command } from './shell.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  site: { type: 'string' },
  url: { type: 'string', multiple: true, default: [] as string[] },
  prefix: { type: 'string', multiple: true, default: [] as string[] },
  tag: { type: 'string', multiple: true, default: [] as string[] },
  all: { type: 'boolean', default: false },
  soft: { type: 'boolean', default: false },
  wait: { type: 'string', default: '30' },
  json: { type: 'boolean', default: false },
} as const

/** What the gateway itself may take besides waiting for CDNs. Milliseconds. */
const PATIENCE = 20_000

/** `polycdn purge`: the running gateway and the CDNs behind it forget. 1: some of them have not, or not yet. */
export const purge: Command = async (args, shell) => {
  const { values } = parseArgs({ args, options: OPTIONS })
  const { config, site, url: urls, prefix: prefixes, tag: tags, all, soft, json } = values
  const wait = Number(values.wait)
  if (config === undefined || site === undefined) {
    shell.err('polycdn: purge needs --config FILE and --site NAME')
    return 2
  }
  const loaded = await loadConfig(config, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const body = { site, urls, prefixes, tags, all, soft, wait }
  const patience = PATIENCE + (wait > 0 && wait < 1000 ? wait * 1000 : 0)
  const answer = await askAdmin('/purge', loaded.snapshot, { method: 'POST', body, patience })
  if (answer instanceof PolycdnError) {
    shell.err(`polycdn: ${answer.message}`)
    return 2
  }
  const report = answer as unknown as PurgeReport
  shell.out(json ? printableJson(report) : renderPurge(report))
  return report.complete ? 0 : 1
}
