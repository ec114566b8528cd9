/**
 * What a hit costs, beside nginx's proxy_cache and Varnish: requests for each second of CPU of all processes of a cache,
 * all with an access log, in rounds in which each has its turn. They run on the first core, what asks them on the second.
 * Exit code 1 where a target is missed.
 *
 *   node bench/cache-hit.ts [--rounds 7] [--seconds 3] [--connections 32]
 */
import { parseArgs } from 'node:util'
import { startNginx } from '../test/helpers/nginx.ts'
import { findProgram } from '../test/helpers/programs.ts'
import { startNginxCache, startOurs, startVarnish, VARNISH } from './cache/contestants.ts'
import { type Contestant, inTurn, pin, turn } from './contest.ts'
import { Run } from './run.ts'
import { median } from './verified/median.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
  },
})
const [rounds, duration, connections] = [values.rounds, values.seconds, values.connections].map(Number) as [
  number,
  number,
  number,
]

/** Bytes by path, and what of nginx's figure is to be reached. */
const SIZES = [
  { path: '/1k', size: 1024, target: 0.9 },
  { path: '/64k', size: 65_536, target: 1 },
] as const

/** Seconds. */
const WARM_UP = 12

interface Row {
  readonly path: string
  readonly name: string
  /** Requests for each second of CPU, and of nginx's in the same round: medians. */
  readonly perCpuSecond: number
  readonly ratio: number
  /** The ratio of each round. */
  readonly ratios: readonly number[]
}

const run = new Run()
try {
  const files = Object.fromEntries(SIZES.map(({ path, size }) => [path, 'polycdn\n'.repeat(size / 8)]))
  const upstream = await startNginx(run, { name: 'origin', files, extra: 'add_header Cache-Control max-age=86400;' })
  const contestants = await startAll(upstream.url)
  pin(contestants)
  const rows: Row[] = []
  console.log(`${rounds} rounds of ${duration} s each, ${connections} connections, medians`)
  console.log('| | | requests per CPU second | of nginx | from | to |')
  console.log('|---|---|---|---|---|---|')
  for (const { path, size } of SIZES) rows.push(...(await compare(contestants, path, size)))
  console.log(JSON.stringify({ rounds, duration, connections, rows }))
  const ours = (path: string) => rows.find((row) => row.path === path && row.name === 'polycdn')!.ratio
  process.exitCode = SIZES.every(({ path, target }) => ours(path) >= target) ? 0 : 1
} finally {
  await run.end()
}

async function startAll(upstream: string): Promise<Contestant[]> {
  const contest = { upstream }
  const contestants = [
    await startNginxCache(run, contest, false),
    await startNginxCache(run, contest, true),
    await startOurs(run, contest),
  ]
  const absent = VARNISH.filter((name) => findProgram(name) === null)
  if (absent.length === 0) return [...contestants, await startVarnish(run, contest)]
  console.error(`\n*** WITHOUT VARNISH: ${absent.join(', ')} not installed (apt-get install varnish) ***\n`)
  return contestants
}

async function compare(contestants: readonly Contestant[], path: string, size: number): Promise<Row[]> {
  // What compiles as it goes has to be warm: it takes some ten seconds until nothing is compiled any more.
  for (const contestant of contestants) await turn(run, contestant, { path, connections, duration: WARM_UP })
  for (const contestant of contestants) await check(contestant, path, size)
  const turns = await inTurn(run, contestants, rounds, { path, connections, duration })
  return contestants.map(({ name }, at) => {
    const ratios = turns[at]!.map((each, round) => each / turns[0]![round]!)
    const row = { path, name, perCpuSecond: Math.round(median(turns[at]!)), ratio: median(ratios), ratios }
    const range = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2))
    console.log(`| ${[path, name, row.perCpuSecond, row.ratio.toFixed(2), ...range].join(' | ')} |`)
    return row
  })
}

/** That it is a hit: Age, or a field of its own. */
async function check({ name, url }: Contestant, path: string, size: number): Promise<void> {
  const response = await fetch(url + path)
  const body = await response.arrayBuffer()
  const shown = ['cache-status', 'x-cache', 'x-varnish'].map((field) => response.headers.get(field)).join()
  if (body.byteLength !== size || !/hit|\d+ \d+/i.test(shown)) throw new Error(`${name} has no hit: ${shown}`)
}
