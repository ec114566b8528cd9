import { open } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { PolycdnError } from '../../errors.ts'
import { generatePrivateKey, parsePrivateKey, publicKeyOf } from '../../manifest/private-key.ts'
import type { Command } from '../shell.ts'
import { usage } from './usage.ts'

const OPTIONS = { out: { type: 'string', short: 'o' } } as const

/** `polycdn manifest keygen`: a new private key in a file, and its public key for the configuration. */
export const keygen: Command = async (args, shell) => {
  const { values } = parseArgs({ args, options: OPTIONS })
  if (values.out === undefined) return usage('manifest keygen needs --out FILE', shell)
  const pem = generatePrivateKey()
  await writeNew(values.out, pem)
  shell.out(`public_key: ${publicKeyOf(parsePrivateKey(pem)!)}`)
  return 0
}

/** What is there is never replaced: it may be the only copy of a key. */
async function writeNew(path: string, pem: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(pem).finally(() => file.close())
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'it is there already' : `it cannot be written (${code})`
    throw new PolycdnError('manifest_invalid', `${path}: ${why}`)
  }
}
