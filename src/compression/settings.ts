import type { Encoding } from './encoding.ts'
import type { MediaTypes } from './media-types.ts'

/** What is compressed for clients of a Policy. */
export interface CompressSettings {
  /** The most wanted first; never empty. */
  readonly encodings: readonly Encoding[]
  readonly types: MediaTypes
  /** Of content whose length is told. Bytes. */
  readonly minSize: number
}
