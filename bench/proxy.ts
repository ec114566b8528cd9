/**
 * What it costs to pass an answer on, beside nginx: requests for each second of CPU of all processes of a proxy, all with
 * an access log and connections that are kept, in rounds in which each has its turn. They run on the first core, what asks
 * and what answers them on the second. Exit code 1 where a target is missed.
 *
 *   node bench/proxy.ts [--rounds 7] [--seconds 3] [--beside ../other-checkout]
 */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startChild } from '../test/helpers/child.ts'
import { ROOT } from '../test/helpers/gateway.ts'
import { startNginx } from '../test/helpers/nginx.ts'
import { freePort } from '../test/helpers/port.ts'
import { requireProgram } from '../test/helpers/programs.ts'
import { tempDir } from '../test/helpers/scope.ts'
import { until } from '../test/helpers/wait.ts'
import { topology } from '../test/scenarios/topology.ts'
import { type Contestant, inTurn, pin, startCheckout, turn } from './contest.ts'
import { Run } from './run.ts'
import { median } from './verified/median.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    beside: { type: 'string' },
  },
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]

/** What of nginx's figure is to be reached. */
const SIZES = [
  { path: '/1k', size: 1024, connections: 32, target: 0.5 },
  { path: '/64k', size: 65_536, connections: 32, target: 0.45 },
  { path: '/10m', size: 10 * 1024 * 1024, connections: 8, target: 0.6 },
] as const

/** Seconds: what compiles as it goes has to be warm. */
const WARM_UP = 8

const run = new Run()
try {
  const files = Object.fromEntries(SIZES.map(({ path, size }) => [path, Buffer.alloc(size, 'polycdn\n')]))
  const upstream = await startNginx(run, { name: 'edge', files, extra: 'keepalive_requests 100000000;' })
  const contestants = [await startTheirs(upstream.port), await startOurs('polycdn', ROOT, upstream.url)]
  if (values.beside !== undefined) contestants.push(await startOurs('beside', resolve(values.beside), upstream.url))
  pin(contestants)
  console.log(`${rounds} rounds of ${seconds} s each, medians`)
  console.log('| | | requests per CPU second | of nginx | from | to |')
  console.log('|---|---|---|---|---|---|')
  let good = true
  for (const size of SIZES) good = (await compare(contestants, size)) && good
  process.exitCode = good ? 0 : 1
} finally {
  await run.end()
}

/** A checkout of the gateway, without a cache. */
function startOurs(name: string, root: string, upstream: string): Promise<Contestant> {
  const config = topology({
    edges: [{ name: 'fra', url: upstream }],
    policy: { fallback: 'none', cache: { enabled: false } },
  })
  return startCheckout(run, { name, root, config })
}

async function startTheirs(upstream: number): Promise<Contestant> {
  const folder = tempDir(run, 'proxy-nginx')
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid nginx.pid; error_log stderr error;
events { worker_connections 2048; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  access_log access.log combined buffer=16k flush=50ms;
  tcp_nopush on; keepalive_requests 100000000;
  upstream edge { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://edge; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_max_temp_file_size 0; }
  }
}
`,
  )
  const child = startChild(run, [requireProgram('nginx'), '-p', `${folder}/`, '-e', 'stderr', '-c', config])
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/1k`)).ok, { timeout: 60_000, what: 'nginx to answer' })
  return { name: 'nginx', url, pids: [child.process.pid!] }
}

async function compare(contestants: readonly Contestant[], size: (typeof SIZES)[number]): Promise<boolean> {
  for (const { name, url } of contestants) {
    const { byteLength } = await (await fetch(url + size.path)).arrayBuffer()
    if (byteLength !== size.size) throw new Error(`${name}: ${byteLength} bytes of ${size.size}`)
  }
  const { path, connections } = size
  for (const contestant of contestants) await turn(run, contestant, { path, connections, duration: WARM_UP })
  const turns = await inTurn(run, contestants, rounds, { path, connections, duration: seconds })
  const medians = contestants.map(({ name }, at) => {
    const ratios = turns[at]!.map((each, round) => each / turns[0]![round]!)
    const figures = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2))
    console.log(`| ${[size.path, name, median(turns[at]!).toFixed(0), ...figures].join(' | ')} |`)
    return median(ratios)
  })
  return medians[1]! >= size.target
}
