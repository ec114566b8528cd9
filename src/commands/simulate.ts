import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PolycdnError } from '../errors.ts'
import { parseGiven } from '../http/given.ts'
import { parseHost } from '../http/host.ts'
import { BillMeter } from '../replay/bill-meter.ts'
import { LineSplitter } from '../replay/line-splitter.ts'
import { type LogFile, openLog } from '../replay/read-log.ts'
import { Replay } from '../replay/replay.ts'
import { Replayer } from '../replay/replayer.ts'
import { type Offline, openOffline } from './offline.ts'
import { printableJson } from './printable-json.ts'
import { Progress } from './progress.ts'
import type { Command, Shell } from './shell.ts'
import { renderSimulation } from './simulate/render.ts'
import { reportOf } from './simulate/report.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  against: { type: 'string' },
  given: { type: 'string', multiple: true, default: [] as string[] },
  host: { type: 'string' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
} as const

const MAX_LINE = 64 * 1024

/** `polycdn simulate`: what a configuration would have done with the requests of an access log. */
export const simulate: Command = async (args, shell) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const { config, against, given, host, seed, json } = values
  if (config === undefined || positionals.length === 0) return usage('simulate needs --config FILE and a log', shell)
  if (!/^\d{1,9}$/.test(seed)) return usage('--seed takes a number of at most 9 digits', shell)
  if (host !== undefined && parseHost(host) instanceof PolycdnError) return usage('--host is no host name', shell)
  const logs = await Promise.all(positionals.map(openLog))
  const opened: Offline[] = []
  try {
    for (const file of against === undefined ? [config] : [config, against]) {
      opened.push(await openOffline(file, shell, true))
    }
    const supposed = parseGiven(given, {
      cdns: opened.flatMap(({ snapshot }) => snapshot.cdns),
      endpoints: opened.flatMap(({ snapshot }) => snapshot.endpoints),
    })
    if (supposed instanceof PolycdnError) return usage(supposed.message, shell)
    const parts = { given: supposed, seed: Number(seed) }
    const [replay, other = null] = opened.map((side) => new Replay({ ...side, ...parts, meter: metering(side) }))
    const replayer = new Replayer({ replay: replay!, against: other, meter: metering(opened[0]!), host: host ?? null })
    await feed(replayer, logs, shell)
    const report = reportOf(replayer, replay!.summary(), other?.summary() ?? null)
    shell.out(json ? printableJson(report) : renderSimulation(report))
    return 0
  } finally {
    for (const { close } of opened) close()
  }
}

function metering({ snapshot }: Offline): BillMeter {
  return new BillMeter(snapshot.cdns)
}

function usage(message: string, shell: Shell): 2 {
  shell.err(`polycdn: ${message}`)
  return 2
}

/** One chunk after the other: what is not decided yet is not read either. */
async function feed(replayer: Replayer, logs: readonly LogFile[], shell: Shell): Promise<void> {
  const size = logs.reduce<number | null>((sum, log) => (sum === null || log.size === null ? null : sum + log.size), 0)
  const progress = shell.terminal === undefined ? null : new Progress('lines', size, shell.terminal, Date.now)
  for (const log of logs) {
    const lines = new LineSplitter(MAX_LINE, (line) => replayer.line(line))
    for await (const chunk of log.chunks((bytes) => progress?.add(bytes, replayer.counts.read))) {
      lines.push(chunk)
      // Lets Ctrl-C through.
      await nextTurn()
    }
    lines.end()
  }
  progress?.end()
}
