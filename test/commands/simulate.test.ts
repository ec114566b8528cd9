import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { reportFailure } from '../../src/commands/failure.ts'
import { simulate } from '../../src/commands/simulate.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { ROOT } from '../helpers/gateway.ts'
import { seededRandom } from '../helpers/random.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'

const CONFIG = `cdns:
  - { name: fra, provider: http, url: "https://fra.example", locations: [FRA] }
  - { name: sin, provider: http, url: "https://sin.example", locations: [SIN] }
  - { name: iad, provider: http, url: "https://iad.example", locations: [IAD] }
sites:
  - name: www
    hosts: [www.example.com]
    origin: { urls: ["https://origin.example"] }
    routes:
      - { match: { path: /api/* }, policy: direct }
      - { match: { headers: { user-agent: "*Firefox*" } }, policy: equal }
      - { policy: default }
  - { name: bare, hosts: [bare.example.com], routes: [{ match: { path: /a }, policy: alone }] }
policies:
  default: { cdns: [fra, sin, iad] }
  equal: { cdns: [fra, sin, iad], tie_threshold: 20000km }
  alone: { cdns: [fra], fallback: none }
  direct: { mode: origin }
`
/** Singapore is gone, and São Paulo is there. */
const OTHER = CONFIG.replace('locations: [SIN]', 'locations: [GRU]')

const [LONDON, SINGAPORE] = ['81.2.69.142', '137.132.1.1']
const START = Date.UTC(2026, 10, 26)

interface Row {
  readonly client?: string
  readonly host?: string
  readonly request?: string
  readonly bytes?: number
  readonly minute?: number
  readonly agent?: string
}

function combined({ client = LONDON, host = 'www.example.com', request = 'GET /', ...more }: Row): string {
  const { bytes = 1000, minute = 0, agent = 'x' } = more
  const clock = new Date(START + minute * 60_000).toISOString().slice(11, 19)
  return `${host} ${client} - - [26/Nov/2026:${clock} +0000] "${request} HTTP/1.1" 200 ${bytes} "-" "${agent}"`
}

function ours(cdn: string, failed: readonly string[], client = LONDON): string {
  const attempts = [...failed.map((name) => ({ cdn: name, outcome: 'failed' })), { cdn, outcome: 'served' }]
  const request = { client, method: 'GET', host: 'www.example.com', path: '/', bytes: 1000 }
  return JSON.stringify({ time: START, ...request, cdn, attempts })
}

function write(scope: Scope, lines: readonly string[] | Buffer): { config: string; other: string; log: string } {
  const folder = tempDir(scope, 'simulate')
  const paths = { config: join(folder, 'c.yaml'), other: join(folder, 'o.yaml'), log: join(folder, 'access.log') }
  writeFileSync(paths.config, CONFIG)
  writeFileSync(paths.other, OTHER)
  writeFileSync(paths.log, Buffer.isBuffer(lines) ? lines : `${lines.join('\n')}\n`)
  return paths
}

async function run(scope: Scope, lines: readonly string[] | Buffer, more: readonly string[] = [], against = false) {
  const { config, other, log } = write(scope, lines)
  const { shell, out, err } = fakeShell()
  const args = ['--config', config, ...(against ? ['--against', other] : []), '--json', ...more, log]
  const code = await simulate(args, shell).catch((error: unknown) => reportFailure(error, shell))
  return { code, err, report: code === 0 ? JSON.parse(out[0]!) : null }
}

t.test('who would have served how much', async (t) => {
  const lines = [
    combined({ bytes: 37_500_000 }),
    combined({ bytes: 37_500_000, minute: 4 }),
    combined({ client: SINGAPORE, minute: 9 }),
    combined({ request: 'GET /api/x?y' }),
    combined({ request: 'POST /', bytes: 7 }),
    combined({ host: 'bare.example.com', request: 'GET /a' }),
    combined({ host: 'bare.example.com', request: 'POST /a' }),
    combined({ host: 'bare.example.com', request: 'GET /b' }),
    combined({ host: 'other.example.com' }),
  ]
  const { code, report } = await run(t, lines)
  t.equal(code, 0)
  t.match(report, {
    lines: { read: 9, replayed: 9, others: 0, skipped: 0, first_skipped: [] },
    from: '2026-11-26T00:00:00.000Z',
    to: '2026-11-26T00:09:00.000Z',
    against: null,
    differences: null,
    log: null,
    moves: [],
  })
  const { simulated } = report
  t.match(simulated, { requests: 7, unmatched: 2, reasons: { proximity: 4, origin: 1 } })
  t.strictSame(
    simulated.cdns.map(({ cdn, requests, bytes, mbps_p95: p95 }: Record<string, unknown>) => [
      cdn,
      requests,
      bytes,
      p95,
    ]),
    [
      ['fra', 3, 75_001_000, 2],
      ['origin', 2, 1007, 0],
      ['none', 1, 1000, 0],
      ['sin', 1, 1000, 0],
    ],
  )
  t.equal(simulated.cdns[0].share_percent, 42.86)
  t.ok(simulated.cdns[0].mean_km > 600 && simulated.cdns[0].mean_km < 660)
  t.ok(simulated.cdns[3].mean_km < 50)
})

t.test('against another configuration, and against itself', async (t) => {
  const random = seededRandom(7)
  const lines = Array.from({ length: 400 }, (_, at) => {
    return combined({
      client: at % 4 === 0 ? SINGAPORE : LONDON,
      agent: random() < 0.5 ? 'Firefox' : 'x',
      minute: at % 60,
    })
  })
  const { report } = await run(t, lines, [], true)
  const nearest = lines.filter((line) => line.includes(SINGAPORE) && !line.includes('Firefox')).length
  t.strictSame(report.moves, [{ from: 'fra', to: 'sin', requests: nearest }], 'what is drawn does not move')
  t.equal(report.differences.find(({ cdn }: { cdn: string }) => cdn === 'sin').share_percent > 0, true)
  const shares = report.simulated.cdns.reduce(
    (sum: number, row: { share_percent: number }) => sum + row.share_percent,
    0,
  )
  t.ok(Math.abs(shares - 100) < 0.05)
  for (const { requests } of report.simulated.cdns) t.ok(requests > 30, 'chance is at work')

  const { config, log } = write(t, lines)
  const same = fakeShell()
  t.equal(await simulate(['--config', config, '--against', config, log], same.shell), 0)
  t.match(same.out[0], /\nno request moves$/)
  t.strictSame((await run(t, lines)).report.simulated, report.simulated, 'equal seeds, equal runs')
  const seeded = await run(t, lines, ['--seed', '2'])
  t.notSame(seeded.report.simulated, report.simulated)
})

t.test('what failed in the log fails again; what is given is away', async (t) => {
  const lines = [
    ours('iad', ['fra']),
    ours('fra', []),
    ours('origin', ['fra', 'iad', 'sin']),
    ours('sin', [], '137.132.1.0'),
  ]
  lines.push('{"time":"2026-11-26T00:00:00.000Z","level":"info","event":"ready"}')
  const { report } = await run(t, lines)
  const failovers = ({ cdns }: { cdns: { cdn: string; failovers: number }[] }) =>
    Object.fromEntries(cdns.map(({ cdn, failovers }) => [cdn, failovers]))
  t.match(report.lines, { read: 5, replayed: 4, others: 1 })
  t.strictSame(failovers(report.simulated), { fra: 2, iad: 1, sin: 1, origin: 0 })
  t.strictSame(failovers(report.log), failovers(report.simulated))
  const { report: given } = await run(t, lines, ['--given', 'unhealthy=fra,iad'])
  t.match(given.simulated, { reasons: { 'failover-unhealthy': 3, proximity: 1 }, requests: 4 })
  t.strictSame(failovers(given.simulated), { sin: 1, origin: 0 })
})

t.test('a forged log with names without end costs no memory without end', async (t) => {
  const lines = Array.from({ length: 1_100 }, (_, at) => ours(`cdn-${at}`, [`bad-${at}`]))
  const { log } = (await run(t, lines)).report
  t.equal(log.cdns.length, 1_001)
  t.equal(log.requests, 1_100)
  t.match(log.cdns[0], { cdn: '…', requests: 600, failovers: 600 })
})

t.test('lines that are none are counted and named, and the others go on', async (t) => {
  const random = seededRandom(3)
  const garbage = Buffer.from(Array.from({ length: 5000 }, () => Math.floor(random() * 256))).toString('latin1')
  const wrong: readonly (readonly [line: string, why: string])[] = [
    ['x', 'neither a JSON object nor a combined line'],
    [combined({ client: 'localhost' }), 'the client is no IP address'],
    [combined({ client: '1.2.3.400' }), 'the client is no IP address'],
    [combined({ host: 'a..b' }), 'the host is none'],
    [combined({ request: 'GET /%00' }), 'the gateway refuses such a path'],
    [combined({ request: 'get /' }), 'the method is none'],
    [combined({}).replace('2026', '2031'), 'more than 400 days from the first line'],
    [combined({}).replace('2026', '1999'), 'more than 400 days from the first line'],
    ['{"time":', 'no valid JSON'],
    ['[{}]', 'neither a JSON object nor a combined line'],
    [`{"a":"${'x'.repeat(70_000)}"}`, 'longer than 64 KiB'],
    ['x'.repeat(700_000), 'longer than 64 KiB'],
  ]
  // Times that go back are no fault.
  const lines = [combined({ minute: 9 }), ...wrong.map(([line]) => line), '', combined({ minute: 3 })]
  const { report } = await run(t, lines)
  t.match(report.lines, { read: wrong.length + 3, replayed: 2, others: 1, skipped: wrong.length })
  t.strictSame(
    report.lines.first_skipped,
    wrong.slice(0, 10).map(([, why], at) => ({ line: at + 2, why })),
  )
  t.match(report.lines.skipped_because, { 'longer than 64 KiB': 2, 'the client is no IP address': 2 })
  t.match(report, { from: /T00:03/, to: /T00:09/ })
  const noise = await run(t, [...garbage.split('\n'), combined({})])
  t.equal(noise.report.lines.replayed, 1)
  t.match((await run(t, Buffer.alloc(0))).report, { lines: { read: 0 }, from: null, simulated: { cdns: [] } })
})

t.test('compressed, cut off, missing', async (t) => {
  const packed = gzipSync([1, 2, 3].map(() => combined({})).join('\n'))
  t.match((await run(t, packed)).report.lines, { read: 3, replayed: 3 })
  const twice = Buffer.concat([gzipSync(`${combined({})}\n`), gzipSync(combined({}))])
  t.match((await run(t, twice)).report.lines, { read: 2, replayed: 2 })
  t.match(await run(t, packed.subarray(0, -20)), { code: 2, err: [/log_unreadable: .*is cut off$/] })
  t.match(await run(t, Buffer.concat([packed.subarray(0, 20), Buffer.alloc(50, 1)])), {
    code: 2,
    err: [/log_unreadable/],
  })

  const { config, other } = write(t, [])
  const wrong: readonly (readonly [args: readonly string[], err: RegExp])[] = [
    [['--config', config, `${other}.log`], /there is no such file/],
    [['--config', config, join(config, '..')], /is a folder/],
    [['--config', config], /needs --config FILE and a log/],
    [['--config', config, '--seed', 'x', other], /--seed takes a number/],
    [['--config', config, '--host', 'a b', other], /--host is no host name/],
    [['--config', config, '--given', 'unhealthy=farn', other], /no CDN is named "farn"; did you mean "fra"\?/],
    [['--config', config, '--against', `${other}x`, other], /cannot be read/],
    [['--config', config, '--agianst', other, other], /agianst/],
  ]
  for (const [args, message] of wrong) {
    const { shell, err } = fakeShell()
    t.equal(await simulate([...args], shell).catch((error: unknown) => reportFailure(error, shell)), 2, args.join(' '))
    t.match(err[0], message)
  }
})

t.test('from standard input, as a table, with a bar on a terminal only', async (t) => {
  const { config, other, log } = write(t, [combined({}), combined({ client: SINGAPORE }), 'x', ours('iad', ['fra'])])
  const command = [join(ROOT, 'src/main.ts'), 'simulate', '--config', config, '--against', other, '-']
  const input = `${combined({})}\nx\n${combined({ client: SINGAPORE })}`
  const exit = spawnSync(process.execPath, command, { input, env: {}, encoding: 'utf8', timeout: 30_000 })
  t.match(exit, { status: 0, stderr: '' })
  t.match(exit.stdout, /^3 lines: 2 replayed, 1 skipped, 0 others\n/)
  t.match(exit.stdout, / {2}line 2: neither a JSON object nor a combined line\n/)
  t.match(exit.stdout, /\nfra → sin: 1 requests\n$|\niad → sin: 1 requests\n$/)

  const drawn: string[] = []
  const { shell, out } = fakeShell({ terminal: (text) => drawn.push(text) })
  t.equal(await simulate(['--config', config, log], shell), 0)
  t.match(drawn[0], /█+ 100 % {2}0 lines$/)
  t.equal(drawn.at(-1), '\r\x1b[K')
  t.match(out[0], /\nas the log says\nCDN +requests +share +bytes +95th pct +mean +failovers\niad/)
})

t.test('strategy cost is simulated with the bills of both configurations', async (t) => {
  const { config, other, log } = write(t, [
    combined({ bytes: 2_000_000_000 }),
    combined({ bytes: 2_000_000_000, minute: 9 }),
  ])
  const terms = (price: number) => `pricing: { per_gb: ${price} }`
  const near = CONFIG.replace('locations: [FRA]', `locations: [FRA], ${terms(0.5)}`).replace(
    'locations: [SIN]',
    `locations: [AMS], ${terms(0.1)}`,
  )
  writeFileSync(other, near)
  writeFileSync(
    config,
    near.replace('default: { cdns: [fra, sin, iad] }', 'default: { cdns: [fra, sin, iad], strategy: cost }'),
  )
  const { shell, out } = fakeShell()
  t.equal(await simulate(['--config', config, '--against', other, '--json', log], shell), 0)
  const { simulated, against } = JSON.parse(out[0]!)
  const costs = ({ cdns }: typeof simulated) => cdns.map(({ cdn, cost }: { cdn: string; cost: number }) => [cdn, cost])
  t.strictSame(simulated.reasons, { cost: 2 })
  t.strictSame(costs(simulated).slice(0, 2), [
    ['sin', 0.4],
    ['fra', 0],
  ])
  t.strictSame(
    against.cdns.find(({ cdn }: { cdn: string }) => cdn === 'iad'),
    undefined,
  )
})
