import { ArweaveProof, type Known } from '../providers/index.ts'
import { type Proof, ProofError } from '../providers/proof.ts'
import { type AskedObject, type ContentAddress, type ContentNetwork, endpointsOf } from './content-address.ts'
import { Memory } from './memory.ts'
import { NamedProof } from './named-proof.ts'
import type { Names } from './names.ts'
import type { AskEndpoint } from './proofs.ts'

/** Of transactions and path manifests together. Bytes, about. */
const MAX_KNOWN = 64 * 1024 * 1024
const TRANSACTION = 2048

/** Proofs by content address: of a root that is named, or of what a name leads to. */
export class Addresses {
  readonly #names: Names
  readonly #known = new Memory<Known>(MAX_KNOWN)

  constructor(names: Names) {
    this.#names = names
  }

  /** What a reference of the manifest names: one file. */
  ofReference(network: ContentNetwork, reference: string): Proof {
    return this.#ofRoot(network, reference, { path: '', immutable: false })
  }

  proofOf(
    network: ContentNetwork,
    { root, ...rest }: ContentAddress,
    { asked, ask }: { readonly asked: AskedObject; readonly ask: AskEndpoint },
  ): Proof {
    if (root.kind === 'id') return this.#ofRoot(network, root.id, rest)
    const names = this.#names
    if (root.kind === 'arns') {
      const upstreams = () => endpointsOf(asked.route, network).map(ask)
      return new NamedProof(async () => this.#ofRoot(network, await names.arns(root.name, upstreams()), rest))
    }
    const { kind, name } = root
    return new NamedProof(async (upstream) => this.#below(await names.ipfs({ kind, name }, upstream), rest))
  }

  /** @param found `/ipfs/{cid}/path` */
  #below(found: string, { path, immutable }: Rest): Proof {
    const [, , cid, ...segments] = found.split('/')
    const folder = segments.filter((segment) => segment !== '').map((segment) => `/${segment}`)
    return this.#ofRoot('ipfs', cid!, { path: folder.join('') + path, immutable })
  }

  #ofRoot(network: ContentNetwork, id: string, rest: Rest): Proof {
    if (network === 'ipfs') throw new ProofError('unproved', 'IPFS is not built')
    return new ArweaveProof(
      { id, ...rest },
      { recall: (key) => this.#known.recall(key), remember: (key, known) => this.#remember(key, known) },
    )
  }

  #remember(id: string, known: Known): void {
    const weight = known.manifest === null ? TRANSACTION : TRANSACTION + 4 * known.transaction.dataSize
    this.#known.remember(id, known, weight)
  }
}

type Rest = Pick<ContentAddress, 'path' | 'immutable'>
