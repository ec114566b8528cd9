import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { askAdmin } from './admin-client.ts'
import type { Command } from './shell.ts'

const OPTIONS = { config: { type: 'string', short: 'c' }, off: { type: 'boolean', default: false } } as const

/** `polycdn drain NAME`: nothing new is sent to a CDN of the running gateway, until `--off`. */
export const drain: Command = async (args, shell) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const [name, ...more] = positionals
  if (values.config === undefined || name === undefined || more.length > 0) {
    shell.err('polycdn: drain needs --config FILE and the name of a CDN')
    return 2
  }
  const loaded = await loadConfig(values.config, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const action = values.off ? 'undrain' : 'drain'
  const answer = await askAdmin(`/cdns/${encodeURIComponent(name)}/${action}`, loaded.snapshot, { method: 'POST' })
  if (answer instanceof PolycdnError) {
    shell.err(`polycdn: ${answer.message}`)
    return 2
  }
  shell.out(values.off ? `${name} takes requests again` : `${name} takes no new requests`)
  const { without_cdn: left } = answer as { readonly without_cdn: readonly string[] }
  if (left.length > 0) shell.err(`polycdn: these policies have no CDN left: ${left.join(', ')}`)
  return 0
}
