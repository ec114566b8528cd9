import type { Endpoint, Policy } from '../config/snapshot.ts'
import type { ManifestFile } from '../manifest/manifest.ts'
import { ManifestProof } from '../manifest/manifest-proof.ts'
import { ReferencedProof } from '../manifest/referenced-proof.ts'
import { plan, providerOf } from '../providers/index.ts'
import type { Proof } from '../providers/proof.ts'
import type { RejectionReason } from '../steering/reasons.ts'
import type { ProofKind, RequestProofs } from './request-proofs.ts'

/** The object that one request asks for. */
export interface ObjectToProve {
  /** As the client sent them. */
  readonly target: { readonly path: string; readonly query: string }
  readonly policy: Policy
  /** What the manifest says of it; null: nothing. */
  readonly file: ManifestFile | null
  /** What the manifest before said, while that is an excuse. */
  readonly previous: ManifestFile | null
  /** Proves what a content-addressed network has under a reference of the manifest, or where the site is there. */
  address(network: 'ipfs' | 'arweave', reference: string | null): Proof
  /** Whether the site, or whoever names the content, says where on the network the object is. */
  isAt(network: 'ipfs' | 'arweave'): boolean
  /** Whether the network proved of late that it has no such thing. */
  isAbsent(network: 'ipfs' | 'arweave'): boolean
}

/** Which proof each endpoint needs for the object of one request. Proofs keep what they learn, so each network has one. */
export class ObjectProofs implements RequestProofs {
  readonly #object: ObjectToProve
  readonly #proofs = new Map<string, Proof | null>()
  #file: ManifestFile | null
  #outdated: ReadonlySet<Endpoint> | null = null
  readonly fields: readonly string[]

  constructor(object: ObjectToProve, fields: readonly string[] = []) {
    this.#object = object
    this.#file = object.file
    this.fields = fields
  }

  unfit = (endpoint: Endpoint): RejectionReason | null => {
    if (endpoint.cdn === null) return null
    if (this.#outdated !== null && !this.#outdated.has(endpoint)) return 'cannot-serve'
    const { proof } = providerOf(endpoint)
    const reference = this.reference(endpoint)
    if (proof === 'manifest') {
      if (asksByReference(endpoint) && reference === null) return 'cannot-serve'
      return this.#file === null && this.#mustProve(endpoint) ? 'unverifiable' : null
    }
    if (reference !== null) return null
    if (!this.#object.isAt(proof)) return 'cannot-serve'
    return this.#object.isAbsent(proof) ? 'absent' : null
  }

  reference(endpoint: Endpoint): string | null {
    const refs = this.#file?.refs
    const name = endpoint.cdn?.provider ?? 'http'
    return refs !== undefined && Object.hasOwn(refs, name) ? refs[name]! : null
  }

  /** What a reference of the manifest leads to is held against its pieces as well. */
  kind(endpoint: Endpoint): ProofKind {
    return this.reference(endpoint) === null ? providerOf(endpoint).proof : 'manifest'
  }

  proof(endpoint: Endpoint): Proof | null {
    if (endpoint.cdn === null) return null
    const key = providerOf(endpoint).proof === 'manifest' ? endpoint.key : endpoint.cdn.provider
    let proof = this.#proofs.get(key)
    if (proof === undefined) {
      proof = this.#make(endpoint)
      this.#proofs.set(key, proof)
    }
    return proof
  }

  turnBack(outdated: readonly Endpoint[]): boolean {
    if (this.#outdated !== null || this.#object.previous === null) return false
    this.#outdated = new Set(outdated)
    this.#file = this.#object.previous
    this.#proofs.clear()
    return true
  }

  #make(endpoint: Endpoint): Proof | null {
    const { address, isAt } = this.#object
    const file = this.#file
    const { proof } = providerOf(endpoint)
    const reference = this.reference(endpoint)
    if (proof === 'manifest') return file !== null && this.#isProved(endpoint) ? this.#byManifest(endpoint, file) : null
    // Bundled items have no proof of their own, and a file of the manifest needs none.
    if (proof === 'arweave' && file !== null && reference !== null) return this.#piecesOf(`/raw/${reference}`, file)
    const own = reference === null ? null : address(proof, reference)
    const inner = own ?? (isAt(proof) ? address(proof, null) : null)
    if (inner === null || file === null) return inner
    return new ReferencedProof(inner, file)
  }

  #byManifest(endpoint: Endpoint, file: ManifestFile): Proof {
    // What a query makes of a file is the visitor's choice: it must not make a liar of whoever is ejected for a lie.
    const { path: asked, query } = this.#object.target
    const target = endpoint.cdn?.trust === true ? asked + query : asked
    const path = plan({ ...endpoint, basePath: '' }, target, this.reference(endpoint))
    return this.#piecesOf(path, file)
  }

  #piecesOf(target: string, file: ManifestFile): Proof {
    // Whoever had old bytes a moment ago may have new ones now: neither is a lie.
    const previous = this.#outdated === null ? this.#object.previous : this.#object.file
    return new ManifestProof({ target, file, previous })
  }

  #mustProve({ cdn }: Endpoint): boolean {
    return cdn?.trust !== true || this.#object.policy.verify === 'required'
  }

  #isProved(endpoint: Endpoint): boolean {
    return this.#mustProve(endpoint) || this.#object.policy.verify !== 'off' || asksByReference(endpoint)
  }
}

function asksByReference({ pathTemplate }: Endpoint): boolean {
  return pathTemplate.includes('{ref}')
}
