import { randomBytes } from 'node:crypto'
import type { ContentReference } from '../../src/config/content.ts'
import type { Cdn } from '../../src/config/snapshot.ts'
import { Dag } from '../helpers/ipfs-dag.ts'
import { type IpfsGateway, ipfsGateway } from '../helpers/ipfs-gateway.ts'
import { IPFS_LIES, type IpfsBehaviour } from '../helpers/ipfs-lies.ts'
import type { Scope } from '../helpers/scope.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'
import type { Liars } from './lie-matrix.ts'

export const CHUNK = 64 * 1024

export const FILES: Record<string, Uint8Array> = {
  'one.bin': randomBytes(1),
  'below.bin': randomBytes(CHUNK - 1),
  'above.bin': randomBytes(CHUNK + 1),
  'deep/er/large.bin': randomBytes(20 * CHUNK + 33),
  'index.html': Buffer.from('<h1>home</h1>'),
  'docs/index.html': Buffer.from('<h1>docs</h1>'),
}

export async function ipfsTree() {
  const dag = new Dag()
  const root = await dag.add(FILES, { chunkSize: CHUNK })
  return { dag, root }
}

export interface IpfsGround {
  readonly gateways: readonly IpfsGateway[]
  readonly services: ReturnType<typeof testServices>
  readonly port: number
  /** Forgets who lied. */
  forgive(): void
}

export async function ipfsGround(
  scope: Scope,
  dag: Dag,
  ipfs: ContentReference,
  over: Partial<Cdn> = {},
): Promise<IpfsGround> {
  const gateways = [await ipfsGateway(scope, dag), await ipfsGateway(scope, dag)]
  const endpoints = gateways.map(({ url }, index) =>
    endpoint(url, { cdn: cdn('ab'[index]!, { provider: 'ipfs', trust: false, ...over }) }),
  )
  const quick = { perTryTimeout: 250, timeout: 1500, bodyIdleTimeout: 250, budgetPercent: 100, budgetPerSecond: 1000 }
  const route = { proves: true, unfit: [null, null] }
  const proved = site({ endpoints, policy: policy({ fallback: 'none' }, quick), route })
  const services = testServices(scope, { sites: [{ ...proved, content: { complete: true, ipfs, arweave: null } }] })
  const { port } = await front(scope, services)
  const forgive = () => {
    services.board.retain([])
    services.board.retain(endpoints)
  }
  return { gateways, services, port, forgive }
}

const LACKS: readonly IpfsBehaviour[] = ['no-car', 'no-raw', 'no-dups', 'no-order', 'lacks-block', 'drip', 'stall']

/** Two gateways with a tree, of which the first lie, or lack something. */
export async function ipfsLiars(scope: Scope): Promise<Liars<IpfsBehaviour>> {
  const { dag, root } = await ipfsTree()
  const { gateways, port, forgive } = await ipfsGround(scope, dag, { kind: 'id', id: `${root}` })
  const all = Object.entries(FILES).map(([path, content]): [string, Uint8Array] => [`/${path}`, content])
  return {
    port,
    lies: [...IPFS_LIES, ...LACKS],
    nameOf: (behaviour) => behaviour,
    filesFor: (behaviour) => (behaviour.startsWith('stall') ? all.filter(([path]) => path === '/above.bin') : all),
    tell: (behaviour, liars) => {
      forgive()
      for (const [index, gateway] of gateways.entries()) gateway.play(index < liars ? behaviour : 'honest')
    },
    judge: (_behaviour, _path, { etag }) => (/^"baf[yk]/.test(`${etag}`) ? null : `the entity tag ${etag}`),
  }
}
