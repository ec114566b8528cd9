import type { Endpoint, Policy } from '../config/snapshot.ts'
import type { ManifestFile } from '../manifest/manifest.ts'
import { ManifestProof } from '../manifest/manifest-proof.ts'
import { ReferencedProof } from '../manifest/referenced-proof.ts'
import { plan, providerOf } from '../providers/index.ts'
import type { Proof } from '../providers/proof.ts'
import type { RejectionReason } from '../steering/reasons.ts'
import type { ProofKind, RequestProofs } from './request-proofs.ts'

/** What is published under a path, and what was. */
export interface Editions {
  /** null: the manifest does not know the path. */
  readonly current: ManifestFile | null
  /** What the manifests before said, while that is an excuse; the last one first. */
  readonly others: readonly ManifestFile[]
}

/** The object that one request asks for. */
export interface ObjectToProve {
  /** As the client sent them. */
  readonly target: { readonly path: string; readonly query: string }
  readonly policy: Policy
  /** What manifests say of it, as of now: another may be published while it is on its way. */
  editions(): Editions
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
  /** Who has another edition than the one that was looked for. */
  #outdated: ReadonlySet<Endpoint> | null = null
  /** The editions that were looked for, by their SHA-256. */
  readonly #sought = new Set<string>()
  readonly fields: readonly string[]

  constructor(object: ObjectToProve, fields: readonly string[] = []) {
    this.#object = object
    this.#file = object.editions().current
    if (this.#file !== null) this.#sought.add(this.#file.sha256)
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
    const next = this.#others().find(({ sha256 }) => !this.#sought.has(sha256))
    if (next === undefined) return false
    this.#sought.add(next.sha256)
    this.#outdated = new Set(outdated)
    this.#file = next
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
    return new ManifestProof({ target, file, others: () => this.#others() })
  }

  /** Every edition but the one that is looked for, as of now: the newest first. */
  #others(): readonly ManifestFile[] {
    const { current, others } = this.#object.editions()
    const all = current === null ? others : [current, ...others]
    return all.filter(({ sha256 }) => sha256 !== this.#file?.sha256)
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
