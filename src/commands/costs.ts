import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { Ledger, type Statement } from '../costs/ledger.ts'
import { LEDGER_FILE, readLedgerFile } from '../costs/store.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { askAdmin } from './admin-client.ts'
import { renderCosts } from './render-costs.ts'
import type { Command, Shell } from './shell.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  json: { type: 'boolean', default: false },
  offline: { type: 'boolean', default: false },
} as const

/** `polycdn costs`: how this month's bills stand, from the running gateway or from `state_dir` (`--offline`). */
export const costs: Command = async (args, shell) => {
  const { values } = parseArgs({ args, options: OPTIONS })
  if (values.config === undefined) {
    shell.err('polycdn: costs needs --config FILE')
    return 2
  }
  const loaded = await loadConfig(values.config, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const { snapshot } = loaded
  const statements = values.offline ? await readKept(snapshot, shell) : await askRunning(snapshot)
  shell.out(values.json ? JSON.stringify({ cdns: statements }, null, 2) : renderCosts(statements))
  return 0
}

async function askRunning(snapshot: Snapshot): Promise<readonly Statement[]> {
  const answer = await askAdmin('/costs', snapshot)
  if (answer instanceof PolycdnError) throw answer
  return answer.cdns as Statement[]
}

async function readKept({ cdns, stateDir }: Snapshot, shell: Shell): Promise<readonly Statement[]> {
  if (stateDir === null)
    throw new PolycdnError('config_invalid', 'without a state_dir nothing is kept that could be read')
  const now = Date.now()
  const path = join(stateDir, LEDGER_FILE)
  const { kept, damaged } = await readLedgerFile(path).catch((error: Error) => {
    throw new PolycdnError('config_invalid', `${path}: ${error.message}`)
  })
  if (damaged > 0)
    shell.err(`polycdn: ${path}: ${damaged} of ${damaged + kept.length} entries are damaged and left out`)
  const ledger = new Ledger()
  ledger.adopt(cdns, now)
  ledger.import(kept, now)
  return ledger.statements(cdns, now)
}
