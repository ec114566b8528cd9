import type { Endpoint } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { pathOfTarget } from '../manifest/file-path.ts'
import type { ManifestShelf } from '../manifest/shelf.ts'
import { loadIpfsReader, providerOf } from '../providers/index.ts'
import type { AskedEndpoint } from '../providers/proof.ts'
import type { Unfit } from '../steering/sift.ts'
import { Absences } from './absences.ts'
import { Addresses } from './addresses.ts'
import { type AskedObject, type ContentAddress, type ContentNetwork, contentAddress } from './content-address.ts'
import type { Names } from './names.ts'
import { type Editions, ObjectProofs } from './object-proofs.ts'
import { NOTHING_PROVED, type RequestProofs } from './request-proofs.ts'
import { WatchedProof } from './watched-proof.ts'

export interface ProofsOptions {
  readonly manifests: ManifestShelf
  readonly names: Names
  /** Milliseconds since 1970. */
  now(): number
}

/** How an endpoint is asked besides the attempt that a proof serves. */
export type AskEndpoint = (endpoint: Endpoint) => AskedEndpoint

/** How long a proved absence spares the network the question: a name may lead elsewhere by then. Milliseconds. */
const ABSENT_FOR = 60_000

/** Other people's pages on this host: they may do nothing in its name. */
const SANDBOX = ['content-security-policy', 'sandbox', 'access-control-allow-origin', '*']

/** What proves the objects of sites, in one process. */
export class Proofs {
  readonly #options: ProofsOptions
  readonly #absences = new Absences()
  readonly #addresses: Addresses

  constructor(options: ProofsOptions) {
    this.#options = options
    this.#addresses = new Addresses(options.names)
  }

  /** Loads what these endpoints will be proved with, so that no request waits for it. */
  async prepare(endpoints: readonly Endpoint[]): Promise<void> {
    if (endpoints.some((endpoint) => providerOf(endpoint).proof === 'ipfs')) await loadIpfsReader()
  }

  /** For one request to a Route that `proves`. An error where clients name the content, and this is not to be had. */
  begin(asked: AskedObject, ask: AskEndpoint): RequestProofs | PolycdnError {
    const { site, target, route } = asked
    const addresses = { ipfs: contentAddress('ipfs', asked), arweave: contentAddress('arweave', asked) }
    const refused = refusalOf(Object.values(addresses))
    if (refused !== null) return refused
    const key = (network: ContentNetwork) => `${network}\n${site.name}\n${target.path}`
    return new ObjectProofs(
      {
        target,
        policy: route.policy,
        editions: () => this.#editionsOf(asked),
        address: (network, reference) => {
          if (reference !== null) return this.#addresses.ofReference(network, reference)
          const address = addresses[network]
          if (!isPlace(address)) throw new TypeError(`the site is not on ${network}`)
          const proof = this.#addresses.proofOf(network, address, { asked, ask })
          return new WatchedProof(proof, () => this.#absences.add(key(network), this.#options.now() + ABSENT_FOR))
        },
        isAt: (network) => isPlace(addresses[network]),
        isAbsent: (network) => this.#absences.has(key(network), this.#options.now()),
      },
      isGateway(asked) ? SANDBOX : [],
    )
  }

  /** Who cannot serve the object, for who only wants to know: nobody is asked. */
  unfit(asked: AskedObject): Unfit | PolycdnError {
    if (!asked.route.proves) return NOTHING_PROVED.unfit
    const proofs = this.begin(asked, () => {
      throw new TypeError('nobody is asked')
    })
    return proofs instanceof PolycdnError ? proofs : proofs.unfit
  }

  #editionsOf({ site, target }: AskedObject): Editions {
    const { manifests, now } = this.#options
    const path = pathOfTarget(target.path)
    if (path === null || site.manifest === null) return NO_EDITIONS
    const current = manifests.current(site.name, now())?.files.get(path) ?? null
    const replaced = manifests.replaced(site.name, now()).flatMap(({ files }) => files.get(path) ?? [])
    return { current, others: replaced.filter(({ sha256 }) => sha256 !== current?.sha256) }
  }
}

const NO_EDITIONS: Editions = { current: null, others: [] }

type Address = ContentAddress | PolycdnError | null

function isPlace(address: Address): address is ContentAddress {
  return address !== null && !(address instanceof PolycdnError)
}

/** One network that has a place for the path is enough; that it is no path of the other is no news. */
function refusalOf(addresses: readonly Address[]): PolycdnError | null {
  if (addresses.some(isPlace)) return null
  const errors = addresses.filter((address) => address instanceof PolycdnError)
  return errors.find(({ code }) => code !== 'no_route') ?? errors[0] ?? null
}

function isGateway({ site: { content } }: AskedObject): boolean {
  return content.ipfs?.kind === 'path' || content.arweave?.kind === 'path'
}
