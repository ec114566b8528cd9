import type { ContentReference } from '../../src/config/content.ts'
import {
  ArweaveGateway,
  CHUNK_LIES,
  HEADER_LIES,
  type Lie,
  NO_ANSWERS,
  OFFSET_LIES,
  type Resource,
} from '../helpers/arweave-gateway.ts'
import { arweaveManifest, arweaveTransaction } from '../helpers/arweave-transaction.ts'
import type { Scope } from '../helpers/scope.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'
import { bytesOf, KIB } from '../providers/arweave/support.ts'
import type { Liars } from './lie-matrix.ts'

export const small = await arweaveTransaction(bytesOf(1), { 'Content-Type': 'text/plain' })
export const exact = await arweaveTransaction(bytesOf(256 * KIB), { 'Content-Type': 'image/png' })
export const large = await arweaveTransaction(bytesOf(1000 * KIB + 7), { 'Content-Type': 'video/mp4' })
export const page = await arweaveTransaction(Buffer.from('<h1>home</h1>'), { 'Content-Type': 'text/html' })
const paths = { 'one.txt': small.id, 'exact.png': exact.id, 'deep/er/large.mp4': large.id, 'index.html': page.id }
export const tree = await arweaveManifest(paths, { index: { path: 'index.html' } })
const STORED = [small, exact, large, page, tree]

const FILES = new Map([
  ['/one.txt', small],
  ['/exact.png', exact],
  ['/deep/er/large.mp4', large],
])

const RESOURCES: readonly Resource[] = ['header', 'offset', 'chunk']
const LIES: readonly Lie[] = [
  ...NO_ANSWERS.flatMap((what) => RESOURCES.map((on) => ({ on, what }))),
  ...HEADER_LIES.map((what) => ({ on: 'header' as const, what })),
  ...OFFSET_LIES.map((what) => ({ on: 'offset' as const, what })),
  ...CHUNK_LIES.map((what) => ({ on: 'chunk' as const, what })),
  // The chunk of the path manifest is true.
  ...CHUNK_LIES.map((what) => ({ on: 'chunk' as const, what, after: 1 })),
  // The first chunks, of the path manifest and of the object, are true.
  ...[...CHUNK_LIES, ...NO_ANSWERS].map((what) => ({ on: 'chunk' as const, what, after: 3 })),
]

/** What ejects whoever says it, whatever it is about. */
const SURELY_FALSE: readonly string[] = ['flip-first', 'flip-last', 'forged-root', 'forged-size', 'forged-owner']

/** A gateway in front of these of Arweave, the first one first. */
export async function arweaveGround(scope: Scope, arweave: ContentReference, count = 2) {
  const gateways = Array.from({ length: count }, () => new ArweaveGateway().store(...STORED))
  for (const gateway of gateways) await gateway.listen(scope)
  const endpoints = gateways.map(({ url }, index) =>
    endpoint(url, { cdn: cdn('abcde'[index]!, { provider: 'arweave', trust: false }) }),
  )
  const quick = { perTryTimeout: 400, timeout: 1500, bodyIdleTimeout: 400, budgetPercent: 100, budgetPerSecond: 1000 }
  const route = { proves: true, unfit: endpoints.map(() => null) }
  const proved = site({ endpoints, policy: policy({ fallback: 'none' }, quick), route })
  const services = testServices(scope, { sites: [{ ...proved, content: { complete: false, ipfs: null, arweave } }] })
  const { port } = await front(scope, services)
  const forgive = () => {
    services.board.retain([])
    services.board.retain(endpoints)
    services.proofs = services.newProofs()
  }
  const standing = (index: number) => services.board.standing(endpoints[index]!, proved.routes[0]!.policy)
  return { gateways, services, port, forgive, standing }
}

/** Two gateways with a site's files, of which the first lie. */
export async function arweaveLiars(scope: Scope): Promise<Liars<Lie>> {
  const { gateways, port, forgive, standing } = await arweaveGround(scope, { kind: 'id', id: tree.id })
  const all = [...FILES].map(([path, { data }]): [string, Buffer] => [path, data])
  return {
    port,
    lies: LIES,
    nameOf: ({ on, what, after = 0 }) => `${on} ${what} after ${after}`,
    filesFor: ({ what }) => (what === 'stall' ? all.slice(-1) : all),
    tell: (lie, liars) => {
      forgive()
      for (const [index, gateway] of gateways.entries()) gateway.lying(index < liars ? lie : null)
    },
    judge: ({ what, after }, path, { etag }) => {
      if (etag !== `"${FILES.get(path)!.id}"`) return `the entity tag ${etag}`
      const caught = after === undefined && SURELY_FALSE.includes(what)
      return caught && standing(0) !== 'corrupt' ? `it is ${standing(0)}` : null
    },
  }
}
