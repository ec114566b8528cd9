import type { Endpoint } from '../config/snapshot.ts'
import { type HttpTarget, planHttp } from './http.ts'

/** Knowledge of a kind of network. */
export interface Provider {
  /** Whether its bytes are believed without proof when the configuration does not say. */
  readonly trustByDefault: boolean
  /** The request target at an endpoint for the client's target. */
  readonly plan: (endpoint: HttpTarget, target: string) => string
}

/** Every provider that is built, by its name in the configuration. */
export const PROVIDERS = {
  http: { trustByDefault: true, plan: planHttp },
} as const satisfies Record<string, Provider>

export type ProviderName = keyof typeof PROVIDERS

/** The request target at an endpoint for the client's target; an origin is asked as any HTTP server. */
export function plan(endpoint: Endpoint, target: string): string {
  const name = (endpoint.cdn?.provider ?? 'http') as ProviderName
  return PROVIDERS[name].plan(endpoint, target)
}

/** Every provider that the language knows: what is not in {@link PROVIDERS} is not supported yet. */
export const KNOWN_PROVIDERS = [
  'http',
  'ipfs',
  'arweave',
  'swarm',
  'walrus',
  'filecoin',
  'theta',
  'meson',
  'storj',
  'nkn',
] as const
