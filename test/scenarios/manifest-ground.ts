import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Cdn, Endpoint } from '../../src/config/snapshot.ts'
import { openManifest } from '../../src/manifest/open-manifest.ts'
import { publicKeyOf } from '../../src/manifest/private-key.ts'
import { type SignedFile, signManifest } from '../../src/manifest/sign-manifest.ts'
import { LIES, type LyingServer, lyingServer, ODDITIES } from '../helpers/lying-server.ts'
import type { Scope } from '../helpers/scope.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'
import type { Liars } from './lie-matrix.ts'

export const PIECE = 256 * 1024
const { privateKey } = generateKeyPairSync('ed25519')

export const FILES = new Map([
  ['/one.bin', randomBytes(1)],
  ['/below.bin', randomBytes(PIECE - 1)],
  ['/even.bin', randomBytes(PIECE)],
  ['/above.bin', randomBytes(PIECE + 1)],
  ['/large.bin', randomBytes(5 * PIECE + 77)],
])

/** The manifest of these files. */
export function signed(files: ReadonlyMap<string, Buffer>, sequence = 1) {
  const entries = [...files].map(([path, bytes]): [string, SignedFile] => {
    const digests: Buffer[] = []
    for (let at = 0; at < bytes.length; at += PIECE) digests.push(sha256(bytes.subarray(at, at + PIECE)))
    const pieces = digests.length > 1 ? { pieces: Buffer.concat(digests).toString('base64url') } : {}
    return [
      path,
      { size: bytes.length, type: 'application/x-true', sha256: sha256(bytes).toString('base64url'), ...pieces },
    ]
  })
  const times = { created: '2026-01-01T00:00:00Z', expires: '2100-01-01T00:00:00Z' }
  const content = { version: 1 as const, site: 'www', sequence, ...times, files: Object.fromEntries(entries) }
  const manifest = openManifest(signManifest(content, privateKey), publicKeyOf(privateKey))
  if ('problem' in manifest || !('files' in manifest)) throw new Error(JSON.stringify(manifest))
  return manifest
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

export interface ManifestGround {
  readonly servers: readonly LyingServer[]
  readonly endpoints: readonly Endpoint[]
  readonly services: ReturnType<typeof testServices>
  readonly port: number
}

/** A gateway in front of two servers of the same files, `a` first. */
export async function manifestGround(
  scope: Scope,
  over: Partial<Cdn> = {},
  policyOver: Parameters<typeof policy>[0] = {},
): Promise<ManifestGround> {
  const servers = [await lyingServer(scope, FILES), await lyingServer(scope, FILES)]
  const endpoints = servers.map(({ url }, index) =>
    endpoint(url, { cdn: cdn('ab'[index]!, { trust: false, ...over }) }),
  )
  const quick = { perTryTimeout: 250, timeout: 1500, bodyIdleTimeout: 250, budgetPercent: 100, budgetPerSecond: 1000 }
  const manifest = { source: { file: '/none' }, publicKey: publicKeyOf(privateKey), grace: 86_400_000 }
  const proved = site({
    endpoints,
    policy: policy({ fallback: 'none', ...policyOver }, quick),
    route: { proves: true, unfit: [null, null] },
  })
  const services = testServices(scope, { sites: [{ ...proved, manifest }] })
  services.manifests.put(signed(FILES), null, 0)
  const { port } = await front(scope, services)
  return { servers, endpoints, services, port }
}

const CORRUPT: readonly string[] = ['flip-first', 'flip-middle', 'flip-last', 'swap', 'other-file', 'zeros']

/** Two servers of the files of a manifest, of which the first lie. */
export async function manifestLiars(scope: Scope): Promise<Liars<NonNullable<LyingServer['lie']>>> {
  const { servers, endpoints, services, port } = await manifestGround(scope)
  const standing = () => services.board.standing(endpoints[0]!, services.current().snapshot.policies[0]!)
  return {
    port,
    lies: [...LIES, ...ODDITIES],
    nameOf: (lie) => lie,
    filesFor: (lie) => [...FILES].filter(([path]) => !lie.startsWith('stall') || path === '/above.bin'),
    tell: (lie, liars) => {
      services.board.retain([])
      services.board.retain(endpoints)
      for (const [index, server] of servers.entries()) server.lie = index < liars ? lie : null
    },
    judge: (lie, path, headers) => {
      if (headers['content-type'] !== 'application/x-true') return `the type ${headers['content-type']}`
      const etag = `"${sha256(FILES.get(path)!).toString('base64url')}"`
      if (headers.etag !== etag) return `the entity tag ${headers.etag}`
      return CORRUPT.includes(lie) && standing() !== 'corrupt' ? `it is ${standing()}` : null
    },
  }
}
