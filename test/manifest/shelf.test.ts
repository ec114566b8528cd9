import t from 'tap'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { ManifestShelf } from '../../src/manifest/shelf.ts'

const manifest = (sequence: number, expires: number): Manifest => ({
  site: 'www',
  sequence,
  created: 0,
  expires,
  files: new Map(),
  id: `${sequence}`,
  publicKey: 'ed25519:',
})

t.test('a manifest that has ended says nothing, not even what was right before', async (t) => {
  const shelf = new ManifestShelf()
  shelf.put(manifest(2, 1000), manifest(1, 500), 800)
  t.equal(shelf.current('www', 999)?.sequence, 2)
  t.equal(shelf.current('www', 1000), null)
  t.equal(shelf.previous('www', 499)?.sequence, 1)
  t.equal(shelf.previous('www', 500), null, 'it has ended')
  shelf.put(manifest(2, 1000), manifest(1, 900), 800)
  t.equal(shelf.previous('www', 799)?.sequence, 1)
  t.equal(shelf.previous('www', 800), null, 'its grace has')
  t.equal(shelf.previous('other', 0), null)
})
