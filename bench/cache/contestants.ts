import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../../test/helpers/child.ts'
import { ROOT } from '../../test/helpers/gateway.ts'
import { freePort } from '../../test/helpers/port.ts'
import { type Program, requireProgram } from '../../test/helpers/programs.ts'
import { type Scope, tempDir } from '../../test/helpers/scope.ts'
import { until } from '../../test/helpers/wait.ts'
import { topology } from '../../test/scenarios/topology.ts'
import { type Contestant, startCheckout } from '../contest.ts'

export interface Contest {
  /** The upstream. */
  readonly upstream: string
}

export function startOurs(scope: Scope, { upstream }: Contest): Promise<Contestant> {
  const policy = { fallback: 'none', cache: { enabled: true } }
  const config = topology({ edges: [{ name: 'fra', url: upstream }], policy })
  return startCheckout(scope, { name: 'polycdn', root: ROOT, config })
}

/** nginx with proxy_cache. `buffered`: its log is written in batches, as the gateway's is; by itself it writes each line. */
export async function startNginxCache(scope: Scope, { upstream }: Contest, buffered: boolean): Promise<Contestant> {
  const folder = tempDir(scope, 'hit-nginx')
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events { worker_connections 2048; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  access_log access.log combined${buffered ? ' buffer=16k flush=50ms' : ''};
  sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=1000;
  proxy_cache_path store keys_zone=all:16m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      proxy_cache all;
      add_header X-Cache $upstream_cache_status;
    }
  }
}
`,
  )
  const child = startChild(scope, [requireProgram('nginx'), '-p', `${folder}/`, '-e', 'stderr', '-c', config])
  const name = buffered ? 'nginx, log in batches' : 'nginx'
  return answering({ name, url: `http://127.0.0.1:${port}`, pids: [child.process.pid!] })
}

/** Varnish, with varnishncsa for its log. */
export async function startVarnish(scope: Scope, { upstream }: Contest): Promise<Contestant> {
  const folder = join(tempDir(scope, 'hit-varnish'), 'varnish')
  mkdirSync(folder)
  const port = await freePort()
  const backend = new URL(upstream).host
  const options = ['-F', '-n', folder, '-a', `127.0.0.1:${port}`, '-b', backend, '-s', 'malloc,64m']
  const daemon = startChild(scope, [requireProgram('varnishd'), ...options])
  const contestant = { name: 'Varnish', url: `http://127.0.0.1:${port}`, pids: [] }
  await answering(contestant)
  const log = startChild(scope, [requireProgram('varnishncsa'), '-n', folder, '-w', join(folder, 'access.log')])
  await until(() => existsSync(join(folder, 'access.log')), { what: () => `the log of Varnish: ${log.stderr}` })
  return { ...contestant, pids: [daemon.process.pid!, log.process.pid!] }
}

export const VARNISH: readonly Program[] = ['varnishd', 'varnishncsa']

async function answering(contestant: Contestant): Promise<Contestant> {
  const answers = async () => (await fetch(`${contestant.url}/1k`)).ok
  await until(answers, { timeout: 60_000, what: `${contestant.name} to answer` })
  return contestant
}
