import { readFileSync } from 'node:fs'
import t from 'tap'
import { REASONS, REJECTION_REASONS } from '../../src/steering/reasons.ts'

const PAGE = readFileSync(new URL('../../docs/steering.md', import.meta.url), 'utf8')

/** The first cells of the table under a heading. */
function tabled(heading: string): readonly string[] {
  const section = PAGE.split(`### ${heading}\n`)[1]!.split('\n#')[0]!
  return [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name!)
}

t.test('the documentation explains every reason that there is, and no other', async (t) => {
  t.strictSame(tabled('1. Filter').toSorted(), REJECTION_REASONS.toSorted())
  // The origin is no candidate.
  t.strictSame(tabled('6. Reasons').toSorted(), REASONS.filter((reason) => reason !== 'origin').toSorted())
})
