/**
 * Measures `polycdn simulate`: generates an access log, ours and a combined one, and replays it.
 *
 *   node bench/simulate.ts [--lines 1000000] [--seed 1] [--against] [--keep FOLDER]
 */
import { once } from 'node:events'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { Shell } from '../src/commands/shell.ts'
import { simulate } from '../src/commands/simulate.ts'
import { seededRandom } from '../test/helpers/random.ts'

const START = Date.UTC(2026, 10, 1)
/** Each in a network of its own; twenty requests each, as a page with what it loads has. */
const CLIENTS = 50_000
const PATHS = 50_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

const CONFIG = `cdns:
${['FRA, LHR, IAD, SFO, GRU, NRT', 'AMS, JFK, SJC, HND, SIN', 'SIN, HKG, SYD, BOM', 'JNB, CAI, DXB']
  .map(
    (metros, at) => `  - { name: cdn${at}, provider: http, url: "https://cdn${at}.example", locations: [${metros}] }`,
  )
  .join('\n')}
sites:
${Array.from({ length: 20 }, (_, at) => {
  return `  - { name: site${at}, hosts: [www${at}.example.com], origin: { urls: ["https://o.example"] }, routes: [{ match: { path: "/api/*" }, policy: direct }, { policy: default }] }`
}).join('\n')}
policies:
  default: { cdns: [cdn0, cdn1, cdn2, cdn3] }
  direct: { mode: origin }
`

interface Line {
  readonly time: number
  readonly client: string
  readonly host: string
  readonly path: string
  readonly bytes: number
}

function combined({ time, client, host, path, bytes }: Line): string {
  const at = new Date(time)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':')
  return `${host} ${client} - - [${day}:${clock} +0000] "GET ${path} HTTP/1.1" 200 ${bytes} "https://${host}/" "${AGENT}"`
}

function ours({ time, client, host, path, bytes }: Line): string {
  const attempt = { cdn: 'cdn0', endpoint: 'https://cdn0.example', outcome: 'served', code: null, status: 200 }
  const ending = {
    duration_ms: 12.3,
    ttfb_ms: 10.1,
    cdn: 'cdn0',
    endpoint: 'https://cdn0.example',
    reason: 'proximity',
  }
  const request = { method: 'GET', host, path: path.split('?')[0], protocol: 'HTTP/1.1', status: 200, bytes }
  const more = { attempts: [{ ...attempt, ms: 10, hops: 0 }], error: null, user_agent: AGENT, aborted: false }
  return JSON.stringify({ time, site: 'site0', route: 'routes[1]', client, ...request, ...ending, ...more })
}

async function generate(file: string, lines: number, seed: number, format: (line: Line) => string): Promise<void> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const clients = Array.from({ length: CLIENTS }, () => `${1 + below(222)}.${below(256)}.${below(256)}.${below(256)}`)
  const out = createWriteStream(file)
  let batch = ''
  for (let at = 0; at < lines; at++) {
    const path = random() < 0.05 ? `/api/v1/items/${below(PATHS)}?page=2` : `/assets/${below(PATHS)}/app.min.js?v=3`
    const time = START + Math.floor((at / lines) * 86_400_000)
    // Few clients send most requests.
    const client = clients[Math.floor(CLIENTS * random() ** 3)]!
    batch += `${format({ time, client, host: `www${below(20)}.example.com`, path, bytes: below(200_000) })}\n`
    if (batch.length < 1 << 20 && at < lines - 1) continue
    if (!out.write(batch)) await once(out, 'drain')
    batch = ''
  }
  out.end()
  await once(out, 'close')
}

interface Measured {
  readonly replayed: number
  readonly seconds: number
  /** Of all threads together: what one core would take. */
  readonly cpuSeconds: number
}

async function replay(config: string, log: string, more: readonly string[]): Promise<Measured> {
  const out: string[] = []
  const from = performance.now()
  const before = process.cpuUsage()
  const shell = { env: {}, out: (line: string) => out.push(line), err: console.error } as unknown as Shell
  const code = await simulate(['--config', config, '--json', ...more, log], shell)
  const { user, system } = process.cpuUsage(before)
  if (code !== 0) throw new Error(`polycdn simulate ended with ${code}`)
  const { replayed } = JSON.parse(out[0]!).lines
  return { replayed, seconds: (performance.now() - from) / 1000, cpuSeconds: (user + system) / 1e6 }
}

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    against: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
})
const lines = Number(values.lines)
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'polycdn-bench-'))
if (values.keep !== undefined) mkdirSync(folder, { recursive: true })
try {
  const config = join(folder, 'config.yaml')
  writeFileSync(config, CONFIG)
  const more = values.against ? ['--against', config] : []
  for (const [name, format] of Object.entries({ combined, ours })) {
    const log = join(folder, `${name}.log`)
    await generate(log, lines, Number(values.seed), format)
    const { replayed, seconds, cpuSeconds } = await replay(config, log, more)
    const megabytes = Math.round(statSync(log).size / 1e6)
    const rate = (time: number) =>
      `${time.toFixed(2)} s, ${Math.round(lines / time).toLocaleString('en-US')} lines a second`
    console.log(`${name}: ${replayed} of ${lines} lines, ${megabytes} MB`)
    console.log(`  ${rate(seconds)}; of one core: ${rate(cpuSeconds)}`)
  }
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true })
}
