/** Bytes of every piece of a file but the last, which has what is left. */
export const PIECE = 256 * 1024
/** Bytes of a SHA-256. */
export const DIGEST = 32

/** How many pieces a file of this size has: none where it is empty. */
export function pieceCount(size: number): number {
  return Math.ceil(size / PIECE)
}

export interface ManifestFileFields {
  readonly size: number
  readonly type: string
  readonly sha256: string
  readonly pieces: string | null
  readonly refs: Readonly<Record<string, string>>
}

/** What is known of one file. Texts stay as they were read: a hundred thousand of these are kept, and few are asked for. */
export class ManifestFile {
  /** Bytes. */
  readonly size: number
  /** Media type. */
  readonly type: string
  /** Of the whole file, base64url. */
  readonly sha256: string
  /** What networks call it, by the name of the network. */
  readonly refs: Readonly<Record<string, string>>
  readonly #pieces: string | null

  constructor({ size, type, sha256, pieces, refs }: ManifestFileFields) {
    this.size = size
    this.type = type
    this.sha256 = sha256
    this.#pieces = pieces
    this.refs = refs
  }

  /** Strong, and the same at every endpoint (RFC 9110 section 8.8.3). */
  get etag(): string {
    return `"${this.sha256}"`
  }

  /** The SHA-256 of each piece, one after the other. Decoded anew at each call. */
  digests(): Buffer {
    return Buffer.from(this.#pieces ?? this.sha256, 'base64url')
  }
}

/** What a site consists of, as its owner signed it. */
export interface Manifest {
  readonly site: string
  /** Only grows. */
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly created: number
  /** Milliseconds since 1970: from then on it says nothing. */
  readonly expires: number
  /** By path, decoded: `/a b.txt`. */
  readonly files: ReadonlyMap<string, ManifestFile>
  /** The SHA-256 of what was signed, base64url: equal ids, equal manifests. */
  readonly id: string
  /** Who signed it: `ed25519:…`. */
  readonly publicKey: string
}
