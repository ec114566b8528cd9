import { randomFillSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild } from '../../test/helpers/child.ts'
import { type GatewayProcess, runCommand, startGateway } from '../../test/helpers/gateway.ts'
import { type Scope, tempDir } from '../../test/helpers/scope.ts'
import { until } from '../../test/helpers/wait.ts'
import type { UpstreamReady } from './upstream.ts'

/** One file as three sites: unproved, proved by its CID out of a CAR, proved by the signed manifest. */
export const SITES = ['pump', 'car', 'manifest'] as const
export type SiteName = (typeof SITES)[number]

export interface Ground {
  readonly gateway: GatewayProcess
  readonly upstream: UpstreamReady & { readonly url: string }
  /** Bytes of the file. */
  readonly size: number
}

export interface GroundOptions {
  readonly mebibytes: number
  /** Of the gateway. Milliseconds that each answer of the networks comes late. */
  readonly delay?: number
  readonly env?: Readonly<Record<string, string>>
}

const UPSTREAM = fileURLToPath(new URL('upstream.ts', import.meta.url))

/** The gateway, one process that serves, in front of networks in another process. */
export async function ground(scope: Scope, { mebibytes, delay = 0, env = {} }: GroundOptions): Promise<Ground> {
  const folder = tempDir(scope, 'bench')
  const site = tempDir(scope, 'bench-site')
  const size = mebibytes * 1024 * 1024
  writeFileSync(join(site, 'file.bin'), randomFillSync(Buffer.allocUnsafe(size)))
  const publicKey = await sign(scope, folder, site)
  const upstream = await startUpstream(scope, join(site, 'file.bin'), delay)
  const gateway = await startGateway(scope, configuration(folder, publicKey, upstream), { env })
  return { gateway, upstream, size }
}

async function sign(scope: Scope, folder: string, site: string): Promise<string> {
  const key = join(folder, 'key.pem')
  const made = await runCommand(scope, ['manifest', 'keygen', '--out', key]).exited()
  const signed = ['--key', key, '--site', 'manifest', '--out', join(folder, 'site.json')]
  const built = await runCommand(scope, ['manifest', 'build', site, ...signed]).exited(120_000)
  if (built.code !== 0) throw new Error(built.stderr)
  return /ed25519:\S+/.exec(made.stdout + made.stderr)![0]
}

async function startUpstream(scope: Scope, file: string, delay: number): Promise<Ground['upstream']> {
  const child = startChild(scope, [process.execPath, UPSTREAM, file, String(delay)])
  const what = () => `the networks: ${child.stderr}`
  await until(() => child.stdout.endsWith('\n') || child.exit !== null, { what, timeout: 120_000 })
  if (child.exit !== null) throw new Error(child.stderr)
  const ready = JSON.parse(child.stdout) as UpstreamReady
  return { ...ready, url: `http://127.0.0.1:${ready.port}` }
}

function configuration(folder: string, publicKey: string, { url, root }: Ground['upstream']) {
  const origin = { urls: [url] }
  const manifest = { file: join(folder, 'site.json'), public_key: publicKey }
  const patient = { timeout: '60s', per_try_timeout: '30s', body_idle_timeout: '60s' }
  // What is stored is proved once, and would be measured as if it were proved each time.
  const policy = (cdn: string) => ({ cdns: [cdn], fallback: 'none', retry: patient, cache: { enabled: false } })
  return {
    version: 1,
    listen: [{ address: '127.0.0.1:0' }],
    workers: 1,
    cdns: [
      { name: 'trusted', provider: 'http', url, trust: true },
      { name: 'untrusted', provider: 'http', url, trust: false, allow_private: true },
      { name: 'planet', provider: 'ipfs', url, allow_private: true },
    ],
    sites: [
      { name: 'pump', hosts: ['pump'], origin, routes: [{ policy: 'pump' }] },
      { name: 'car', hosts: ['car'], origin, content: { ipfs: { cid: root } }, routes: [{ policy: 'car' }] },
      { name: 'manifest', hosts: ['manifest'], origin, manifest, routes: [{ policy: 'manifest' }] },
    ],
    policies: { pump: policy('trusted'), car: policy('planet'), manifest: policy('untrusted') },
  }
}
