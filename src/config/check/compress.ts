import * as zlib from 'node:zlib'
import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'

/** Node has had Zstandard since 22.15 and 23.8. */
const HAS_ZSTD = 'createZstdCompress' in zlib

/** Whether this Node can make the codings that policies list. */
export function checkCompress(root: Located, problems: ProblemList, hasZstd = HAS_ZSTD): void {
  if (hasZstd) return
  for (const [, policy] of entries(child(root, 'policies'))) {
    for (const encoding of items(child(child(policy, 'compress'), 'encodings'))) {
      if (text(encoding) === 'zstd') problems.error(encoding, 'this Node has no zstd: it came with Node 22.15 and 23.8')
    }
  }
}
