import { PROVIDERS } from '../../providers/index.ts'
import type { RejectionReason } from '../../steering/reasons.ts'
import type { Cdn, Endpoint, Policy, Site } from '../snapshot.ts'

/** What of a Site tells whether an endpoint can serve it: what is there, whatever it says. */
interface Provable {
  readonly content: { readonly ipfs: object | null; readonly arweave: object | null }
  readonly manifest: object | null
}

/** What of an Endpoint tells it. */
interface Asked {
  readonly cdn: Pick<Cdn, 'provider' | 'trust' | 'drain'> | null
  readonly pathTemplate: string
}

/** Why an endpoint can serve nothing of a site under a policy, whatever is asked for and however it stands; null: it may. */
export function unfitReason(
  { cdn, pathTemplate }: Asked,
  site: Provable,
  policy: Pick<Policy, 'verify'>,
): RejectionReason | null {
  if (cdn === null) return null
  if (cdn.drain) return 'drained'
  const { proof } = PROVIDERS[cdn.provider]
  if (proof !== 'manifest') return site.content[proof] === null && site.manifest === null ? 'cannot-serve' : null
  if (pathTemplate.includes('{ref}') && site.manifest === null) return 'cannot-serve'
  const mustProve = !cdn.trust || policy.verify === 'required'
  return mustProve && site.manifest === null ? 'unverifiable' : null
}

/** Whether an endpoint's bytes are proved, where something tells what they should be. */
export function isProved(
  { cdn, pathTemplate }: Endpoint,
  { manifest }: Pick<Site, 'manifest'>,
  { verify }: Policy,
): boolean {
  if (cdn === null) return false
  if (PROVIDERS[cdn.provider].proof !== 'manifest') return true
  return manifest !== null && (verify !== 'off' || !cdn.trust || pathTemplate.includes('{ref}'))
}
