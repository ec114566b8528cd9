import { MediaTypes } from '../../compression/media-types.ts'
import type { CompressSettings } from '../../compression/settings.ts'
import type { PolicyConfig } from './policy.ts'

/** null: nothing is compressed. */
export function compileCompress({ encodings, types, min_size }: PolicyConfig['compress']): CompressSettings | null {
  if (encodings.length === 0 || types.length === 0) return null
  return { encodings: [...new Set(encodings)], types: new MediaTypes(types), minSize: min_size }
}
