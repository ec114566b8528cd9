import {
  ArweaveProof,
  canonicalCid,
  type Denylist,
  type IpfsContent,
  type Known,
  loadIpfsReader,
  parseCid,
} from '../providers/index.ts'
import type { Proof } from '../providers/proof.ts'
import { type AskedObject, type ContentAddress, type ContentNetwork, endpointsOf } from './content-address.ts'
import { Memory } from './memory.ts'
import { NamedProof } from './named-proof.ts'
import type { Names } from './names.ts'
import { PlacedProof } from './placed-proof.ts'
import type { AskEndpoint } from './proofs.ts'

/** Of transactions and path manifests together. Bytes, about. */
const MAX_KNOWN = 64 * 1024 * 1024
const TRANSACTION = 2048

/** Proofs by content address: of a root that is named, or of what a name leads to. */
export class Addresses {
  readonly #names: Names
  readonly #known = new Memory<Known>(MAX_KNOWN)
  readonly #memory = {
    recall: (id: string) => this.#known.recall(id),
    remember: (id: string, known: Known) => this.#remember(id, known),
  }

  constructor(names: Names) {
    this.#names = names
  }

  /** What a reference of the manifest names: one file. */
  ofReference(network: ContentNetwork, reference: string): Proof {
    return this.#ofRoot(network, reference, { path: '', mount: '', immutable: false, denied: null })
  }

  proofOf(
    network: ContentNetwork,
    { root, ...rest }: ContentAddress,
    { asked, ask }: { readonly asked: AskedObject; readonly ask: AskEndpoint },
  ): Proof {
    if (root.kind === 'id') return this.#ofRoot(network, root.id, rest)
    const names = this.#names
    if (root.kind === 'arns') {
      const endpoints = () => endpointsOf(asked.route, network).map(ask)
      return new NamedProof(async () => this.#ofRoot(network, await names.arns(root.name, endpoints()), rest))
    }
    const { kind, name } = root
    return new NamedProof(async (endpoint) => this.#below(await names.ipfs({ kind, name }, endpoint), rest))
  }

  /** @param found `/ipfs/{cid}/path`, percent-encoded */
  #below(found: string, { path, ...rest }: Rest): Proof {
    const [, , cid, ...segments] = found.split('/')
    const folder = segments.filter((segment) => segment !== '').map((segment) => `/${segment}`)
    return this.#ofRoot('ipfs', cid!, { path: folder.join('') + path, ...rest }, folder.join(''))
  }

  #ofRoot(network: ContentNetwork, id: string, { path, mount, immutable, denied }: Rest, folder = ''): Proof {
    if (network === 'arweave') return new ArweaveProof({ id, path, immutable }, this.#memory)
    // Only where the tree has the host for itself do its rules count.
    const rules = mount === '' && path !== ''
    const isDenied = denied === null ? null : isDeniedBy(denied)
    const content = () => ({ root: parseCid(id), path, mount, rules, isDenied })
    return new NamedProof(async () => {
      const { IpfsProof } = await loadIpfsReader()
      return new PlacedProof(new IpfsProof(content()), { folder, immutable })
    })
  }

  #remember(id: string, known: Known): void {
    const weight = known.manifest === null ? TRANSACTION : TRANSACTION + 4 * known.transaction.dataSize
    this.#known.remember(id, known, weight)
  }
}

/** A name may lead to what is on the list, and so may any directory. */
function isDeniedBy(denied: Denylist): NonNullable<IpfsContent['isDenied']> {
  return (cid, names) => {
    const path = names.map(encodeURIComponent).join('/')
    return denied.blocks({ space: 'ipfs', id: canonicalCid(cid), path })
  }
}

type Rest = Omit<ContentAddress, 'root'>
