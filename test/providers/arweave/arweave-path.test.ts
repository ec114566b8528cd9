import t from 'tap'
import { parseArweavePath } from '../../../src/providers/arweave/arweave-path.ts'

const ID = 'A'.repeat(43)

t.test('an id and what follows it', async (t) => {
  t.same(parseArweavePath(`/${ID}`), { id: ID, path: '' })
  t.same(parseArweavePath(`/${ID}/`), { id: ID, path: '/' })
  t.same(parseArweavePath(`/${ID}/a/b%20c`), { id: ID, path: '/a/b%20c' })
  for (const path of ['/', '', '/x', ID, `/${ID}A`, `/${ID}x/y`, `//${ID}`, `/raw/${ID}`]) {
    t.equal(parseArweavePath(path), null, path)
  }
})
