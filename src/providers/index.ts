import type { Endpoint } from '../config/snapshot.ts'
import { http, planHttp } from './http.ts'
import { PRESETS } from './presets/index.ts'
import type { Preset, Provider } from './provider.ts'

export { type ArnsAnswer, askArns, isArnsName, majority } from './arweave/arns.ts'
export { parseArweavePath } from './arweave/arweave-path.ts'
export { ArweaveProof, type Known } from './arweave/arweave-proof.ts'
export { canonicalCid, parseCid } from './ipfs/cid.ts'
export { type ContentPath, parseContentPath } from './ipfs/content-path.ts'
export { Denylist } from './ipfs/denylist.ts'
export type { IpfsContent } from './ipfs/ipfs-proof.ts'
export type { IpnsRecord } from './ipfs/ipns.ts'
export { type IpnsName, parseIpnsName } from './ipfs/ipns-name.ts'
export { parseDenylist } from './ipfs/parse-denylist.ts'

/** Some seventy modules that a process loads for sites on IPFS only. Loaded once, however often it is called. */
export const loadIpfsReader = () => import('./ipfs/reader.ts')

/** What gateways of content-addressed networks are asked is planned by their proofs; a check asks for its own path. */
const addressed = { trustByDefault: false, pathTemplate: '{path}', probe: null, plan: planHttp } as const

/**
 * The identity CID of no bytes, as https://specs.ipfs.tech/http-gateways/trustless-gateway/#dedicated-probe-paths has it: a gateway
 * answers it without asking anybody, and a page with the status 200 is not taken for one.
 */
const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Every provider, by its name in the configuration. */
export const PROVIDERS = {
  http,
  ipfs: { ...addressed, proof: 'ipfs', probe: '/ipfs/bafkqaaa?format=raw', probeSha256: SHA256_OF_NOTHING },
  arweave: { ...addressed, proof: 'arweave', probe: '/ar-io/healthcheck' },
  swarm: ofPreset(PRESETS.swarm),
  walrus: ofPreset(PRESETS.walrus),
  filecoin: ofPreset(PRESETS.filecoin),
  theta: ofPreset(PRESETS.theta),
  meson: ofPreset(PRESETS.meson),
  storj: ofPreset(PRESETS.storj),
  nkn: ofPreset(PRESETS.nkn),
} as const satisfies Record<string, Provider>

export type ProviderName = keyof typeof PROVIDERS

export const PROVIDER_NAMES = Object.keys(PROVIDERS) as ProviderName[]

/** What is known of the network that an endpoint belongs to; an origin is asked as any HTTP server. */
export function providerOf(endpoint: Endpoint): Provider {
  return PROVIDERS[endpoint.cdn?.provider ?? 'http']
}

/** The request target at an endpoint for the client's target. `reference`: what its network calls the object. */
export function plan(endpoint: Endpoint, target: string, reference: string | null = null): string {
  return providerOf(endpoint).plan(endpoint, target, reference)
}

function ofPreset(preset: Preset): Provider {
  return { ...http, ...preset, trustByDefault: false }
}
