import type { IpnsRecord } from '../providers/index.ts'
import { ProofError } from '../providers/proof.ts'

/** A verified record, and the bytes that prove it. */
export interface KnownRecord {
  readonly record: IpnsRecord
  readonly bytes: Buffer
}

const MAX_NAMES = 4096
/** Bytes of all records. */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * The newest record that was seen of each name: an older one is as well signed, and valid for as long as it says, so
 * whoever keeps it could turn a site back. What was asked for longest ago is forgotten first.
 */
export class NewestRecords {
  readonly #known = new Map<string, KnownRecord>()
  #bytes = 0

  /** Throws `outdated` where a newer one was seen. */
  admit(name: string, offered: KnownRecord): void {
    const known = this.#known.get(name)
    if (known !== undefined && isOlder(offered.record, known.record)) {
      throw new ProofError('outdated', 'a newer IPNS record was seen')
    }
    const keeps = known !== undefined && known.record.sequence === offered.record.sequence && isShorter(offered, known)
    this.#keep(name, keeps ? known : offered)
  }

  entries(): readonly (readonly [name: string, known: KnownRecord])[] {
    return [...this.#known]
  }

  get(name: string): KnownRecord | null {
    return this.#known.get(name) ?? null
  }

  #keep(name: string, known: KnownRecord): void {
    this.#forget(name)
    this.#known.set(name, known)
    this.#bytes += known.bytes.length
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_NAMES && this.#bytes <= MAX_BYTES) break
      this.#forget(oldest)
    }
  }

  #forget(name: string): void {
    this.#bytes -= this.#known.get(name)?.bytes.length ?? 0
    this.#known.delete(name)
  }
}

/** Of two with the same sequence the one counts that is valid for longer; one that leads to the same does no harm. */
function isOlder(offered: IpnsRecord, known: IpnsRecord): boolean {
  if (offered.sequence !== known.sequence) return offered.sequence < known.sequence
  return offered.validUntil < known.validUntil && JSON.stringify(offered.value) !== JSON.stringify(known.value)
}

function isShorter(offered: KnownRecord, known: KnownRecord): boolean {
  return offered.record.validUntil <= known.record.validUntil
}
