import { PolycdnError } from '../../errors.ts'
import { fetchManifest, NO_VALIDATORS } from '../../manifest/fetch-manifest.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { openManifest } from '../../manifest/open-manifest.ts'
import { readManifestFile } from '../../manifest/read-manifest-file.ts'
import { isManifestRefusal } from '../../manifest/refusal.ts'

/** Whether a word of a command line is a URL, not the name of a file. */
export function isUrl(word: string): boolean {
  return /^https?:\/\//i.test(word)
}

/** Reads a manifest from a file or a URL. `publicKey` null: whoever signed it is believed. Throws a PolycdnError. */
export async function readGivenManifest(from: string, publicKey: string | null): Promise<Manifest> {
  const bytes = await bytesOf(from).catch((error: Error) => {
    throw new PolycdnError('manifest_invalid', `${from}: ${error.message}`)
  })
  const manifest = openManifest(bytes, publicKey)
  if (isManifestRefusal(manifest)) throw new PolycdnError('manifest_invalid', `${from} ${manifest.message}`)
  return manifest
}

async function bytesOf(from: string): Promise<Buffer> {
  return isUrl(from) ? (await fetchManifest(from, NO_VALIDATORS))!.bytes : readManifestFile(from)
}
