import { stat } from 'node:fs/promises'
import type { Manifest } from '../../manifest/manifest.ts'
import { readGivenManifest } from './given-manifest.ts'

/**
 * The manifest that a new one is about to replace; null: there is none, or it cannot be read and `mayFail`. Throws a
 * PolycdnError.
 */
export async function readPrevious(path: string, publicKey: string, mayFail: boolean): Promise<Manifest | null> {
  if ((await stat(path).catch(() => null)) === null) return null
  return readGivenManifest(path, publicKey).catch((error: unknown) => {
    if (mayFail) return null
    throw error
  })
}
