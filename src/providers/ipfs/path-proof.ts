import type { CID } from 'multiformats/cid'
import { type AskedEndpoint, type Located, type Proof, ProofError, type Wanted } from '../proof.ts'
import type { BlockSource } from './block-source.ts'
import { type Asked, EndpointBlocks } from './endpoint-blocks.ts'
import { FileObject, type ProvedFile } from './file-object.ts'
import { mediaTypeOf } from './media-type.ts'
import { encodePath, MAX_SEGMENTS, pathSegments } from './segments.ts'
import { type End, type IsDenied, Trail } from './trail.ts'

const INDEX = 'index.html'

const ABSENT: Located = { kind: 'absent', status: 404 }

/** Where a path below a root leads: a file, a directory's index.html, or nowhere. Without the site's own rules. */
export class PathProof implements Proof {
  readonly #trail: Trail
  readonly #mount: string
  readonly #named: readonly string[]
  readonly #indexed: boolean
  readonly #withoutCar = new Set<string>()
  #file: ProvedFile | null = null
  #settled: Located | null = null

  /** `path`: as in a URL, without a query. `mount`: what its URL has before it. */
  constructor(root: CID, path: string, mount = '', isDenied: IsDenied | null = null) {
    const named = pathSegments(path)
    if (named !== null && named.length > MAX_SEGMENTS) throw new ProofError('too-large', 'a path of too many names')
    this.#named = named ?? []
    // What is mounted somewhere has a slash of its own to be redirected to.
    this.#indexed = path.endsWith('/') || (path === '' && mount === '')
    this.#trail = new Trail(root, this.#indexed ? [...this.#named, INDEX] : this.#named, isDenied)
    this.#mount = mount
    if (named === null) this.#settled = ABSENT
  }

  async locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located> {
    if (this.#settled !== null) return this.#settled
    const asked = { upstream, withoutCar: this.#withoutCar }
    return this.#file === null ? this.#search(asked, wanted) : this.#again(asked, this.#file, wanted)
  }

  /** Whether the root directory may have an entry, as far as it was seen. */
  mayHave(name: string): boolean {
    return this.#settled !== null && this.#trail.mayHave(name)
  }

  async #search(asked: Asked, wanted: Wanted): Promise<Located> {
    const depth = this.#trail.depth
    const { cid, rest } = this.#trail.at(depth)
    const source = await EndpointBlocks.open(asked, { cid, segments: rest, wanted })
    try {
      const end = await this.#trail.follow(source, depth)
      const file = this.#fileAt(end)
      if (file === null) {
        source.cancel()
        this.#settled = end.kind === 'directory' ? this.#slashed() : ABSENT
        return this.#settled
      }
      this.#file = file
      return this.#object(asked, file, { source, wanted })
    } catch (error) {
      source.cancel()
      throw error
    }
  }

  /** The file is known from another endpoint: only its bytes are asked for. */
  async #again(asked: Asked, file: ProvedFile, wanted: Wanted): Promise<Located> {
    if (wanted === 'none' || file.node.children.length === 0) return this.#object(asked, file, null)
    return this.#object(asked, file, { source: await openFile(asked, file, wanted), wanted })
  }

  #object(asked: Asked, file: ProvedFile, started: { source: EndpointBlocks; wanted: Wanted } | null): FileObject {
    const open = (wanted: Wanted): Promise<BlockSource> => openFile(asked, file, wanted)
    // Single blocks are asked for by the walk. Where the CAR failed for the path, it may do for the file itself.
    return new FileObject(file, started?.source.streams ? started : null, open)
  }

  #fileAt(end: End): ProvedFile | null {
    if (end.kind === 'file') return { ...end, type: mediaTypeOf(this.#trail.segments.at(-1)) }
    // A root that is a file has no names in it: the slash is only where the path begins.
    const isRoot = end.kind === 'absent' && end.depth === 0 && this.#named.length === 0
    return isRoot && end.file !== null ? { ...end.file, type: null } : null
  }

  /** Relative links of an index page work only below the directory's slash. */
  #slashed(): Located {
    const path = this.#named.length === 0 ? '' : encodePath(this.#named)
    return { kind: 'redirect', status: 301, location: `${this.#mount}${path}/` }
  }
}

async function openFile(asked: Asked, { cid }: ProvedFile, wanted: Wanted): Promise<EndpointBlocks> {
  const source = await EndpointBlocks.open(asked, { cid, segments: [], wanted })
  try {
    if (source.streams) await source.take(cid)
    return source
  } catch (error) {
    source.cancel()
    throw error
  }
}
