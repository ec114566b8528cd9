import { createRequire } from 'node:module'
import t from 'tap'
import { deepHash } from '../../../src/providers/arweave/deep-hash.ts'

const theirs = createRequire(import.meta.url)('arweave/node/lib/deepHash').default

t.test('hashes as the network does', async (t) => {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text))
  const parts = [
    bytes(''),
    bytes('a'),
    [],
    [bytes('a')],
    [bytes('a'), bytes('b')],
    [bytes('ab'), bytes('')],
    [[bytes('a'), [bytes('b'), []]], bytes('c')],
  ]
  for (const part of parts) t.same(deepHash(part), Buffer.from(await theirs(part)))
})
