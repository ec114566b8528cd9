import type { KeySettings } from '../cache/rules/key.ts'
import type { StoredProof } from '../cache/rules/provenance.ts'
import type { CacheRules } from '../cache/rules/rules.ts'

/** How answers are cached under a Policy. */
export interface Caching {
  readonly key: KeySettings
  readonly rules: CacheRules
  /** Bytes: what is larger is not stored. */
  readonly maxObject: number
  /** The least proof that a stored answer must have to be used. */
  readonly requiredProof: StoredProof
}

/** Where answers are kept; in all processes together. */
export interface CacheStorage {
  /** Bytes. */
  readonly memory: number
  /** `path` is absolute, `size` bytes; null: nothing is kept on disk. */
  readonly disk: { readonly path: string; readonly size: number } | null
}
