import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { parseDuration } from '../config/values/duration.ts'
import { parseSize } from '../config/values/size.ts'
import { Timers } from '../delivery/timers.ts'
import { Transport } from '../delivery/transport.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { parseAddress } from '../geo/address.ts'
import { Locator } from '../geo/locator.ts'
import type { Generation } from '../http/generation.ts'
import { indexSites } from '../steering/match.ts'
import type { Inquiry } from './check/ask.ts'
import { renderReport } from './check/render.ts'
import { checkUrl, type UrlReport } from './check/url-report.ts'
import { type Visitor, visit, visitedUrl, visitorFields } from './check/visit.ts'
import { printableJson } from './printable-json.ts'
import type { Command, Shell } from './shell.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  ip: { type: 'string', default: '127.0.0.1' },
  header: { type: 'string', multiple: true, default: [] as string[] },
  'max-bytes': { type: 'string', default: '16MiB' },
  timeout: { type: 'string', default: '120s' },
  json: { type: 'boolean', default: false },
} as const

/** What one answer may take at the most. Milliseconds. */
const MAX_TIMEOUT = 86_400_000

/** A URL that no endpoint can be asked for: no site has its host, or no route its path. */
interface Unmatched {
  readonly url: string
  readonly ok: false
  readonly problem: string
}

type Result = UrlReport | Unmatched

interface Settings extends Visitor {
  readonly json: boolean
  readonly maxBytes: number
  /** Milliseconds. */
  readonly timeout: number
}

/** `polycdn check URL…`: asks every CDN and the origin for the same object and says where they disagree. */
export const check: Command = async (args, shell) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const { config } = values
  if (config === undefined || positionals.length === 0) return usage(shell, 'check needs --config FILE and a URL')
  const settings = settingsOf(values)
  if (typeof settings === 'string') return usage(shell, settings)
  const urls: URL[] = []
  for (const [at, text] of positionals.entries()) {
    const url = visitedUrl(text)
    if (typeof url === 'string') return usage(shell, `argument ${at + 1} ${url}`)
    urls.push(url)
  }
  const loaded = await loadConfig(config, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const reports = await checkAll(loaded.snapshot, urls, settings, shell)
  if (settings.json) shell.out(printableJson(reports))
  if (reports.some((report) => 'problem' in report)) return 2
  return reports.every(({ ok }) => ok) ? 0 : 1
}

function usage(shell: Shell, message: string): 2 {
  shell.err(`polycdn: ${message}`)
  return 2
}

interface Values {
  readonly json: boolean
  readonly ip: string
  readonly header: readonly string[]
  readonly timeout: string
  readonly 'max-bytes': string
}

/** The settings, or what is wrong with them. */
function settingsOf({ json, ip, header, timeout: duration, 'max-bytes': size }: Values): Settings | string {
  if (parseAddress(ip) === null) return `--ip: ${JSON.stringify(ip)} is not an IP address`
  const fields = visitorFields(header)
  if (typeof fields === 'string') return fields
  const maxBytes = parseSize(/^\d{1,15}$/.test(size) ? Number(size) : size)
  if (maxBytes === undefined || maxBytes === 0) return '--max-bytes takes a number of bytes, or 64KiB, 16MiB, 1GiB'
  const timeout = parseDuration(duration)
  if (timeout === undefined || timeout === 0 || timeout > MAX_TIMEOUT) return '--timeout takes 500ms, 30s, up to 24h'
  return { json, ip, fields, maxBytes, timeout }
}

/** One URL after the other; the endpoints of one are asked at the same time. */
async function checkAll(snapshot: Snapshot, urls: readonly URL[], settings: Settings, shell: Shell): Promise<Result[]> {
  const transport = new Transport(snapshot.endpoints)
  const timers = new Timers((error) => {
    throw error
  })
  const loopId = snapshot.gateway.loopId ?? 'polycdn-check'
  const generation: Generation = { snapshot, transport, findSite: indexSites(snapshot.sites), loopId }
  const geo = await new Locator(() => {}).prepare(snapshot.geoip)
  const ground = { current: () => generation, place: geo.place }
  const results: Result[] = []
  try {
    for (const url of urls) {
      const admitted = visit(ground, url, settings)
      results.push(
        admitted instanceof PolycdnError
          ? unmatched(url, admitted, shell)
          : await checkOne(url, { admitted, timers, ...settings }, shell),
      )
    }
    return results
  } finally {
    geo.discard()
    await transport.destroy()
    timers.close()
  }
}

function unmatched({ href: url }: URL, { code, message }: PolycdnError, shell: Shell): Unmatched {
  shell.err(`polycdn: ${code}: ${url}: ${message}`)
  return { url, ok: false, problem: `${code}: ${message}` }
}

async function checkOne({ href: url }: URL, inquiry: Inquiry & Settings, shell: Shell): Promise<UrlReport> {
  shell.err(`polycdn: asking for ${url}`)
  const report = await checkUrl(url, inquiry)
  if (!inquiry.json) shell.out(`${renderReport(report)}\n`)
  return report
}
