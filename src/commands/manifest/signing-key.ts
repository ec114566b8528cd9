import type { KeyObject } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { PolycdnError } from '../../errors.ts'
import { parsePrivateKey } from '../../manifest/private-key.ts'
import { readPrivateFile } from '../../state/private-file.ts'
import type { Shell } from '../shell.ts'

/** The key to sign with, from a file that should be its owner's alone. */
export async function readSigningKey(path: string, shell: Shell): Promise<KeyObject> {
  const refuse = (why: string) => new PolycdnError('manifest_invalid', `${path}: ${why}`)
  const pem = await readPrivateFile(path).catch((error: NodeJS.ErrnoException) => {
    throw refuse(error.code === undefined ? error.message : `it cannot be read (${error.code})`)
  })
  if (pem === null) throw refuse('there is no such file')
  const key = parsePrivateKey(pem)
  if (key === null) throw refuse('it holds no Ed25519 private key in PEM')
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) shell.err(`polycdn: warning: others than its owner may read ${path}`)
  return key
}
