import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { PROVIDER_NAMES } from '../../src/providers/index.ts'
import { problemsOf } from './problems-of.ts'

const folder = join(import.meta.dirname, '../../docs/providers')
const index = readFileSync(join(folder, 'README.md'), 'utf8')

for (const name of PROVIDER_NAMES) {
  t.test(`docs/providers/${name}.md`, async (t) => {
    const page = readFileSync(join(folder, `${name}.md`), 'utf8')
    t.ok(index.includes(`(${basename(name)}.md)`), 'the index leads to it')
    for (const part of ['**Request**', '**Proof**', '**Probe**', '## What was tried']) t.ok(page.includes(part), part)
    const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!)
    t.ok(blocks.some((text) => text.includes(`provider: ${name}`)))
    for (const text of blocks) {
      t.match(text, /^version: 1\n/, 'a whole configuration')
      t.strictSame(problemsOf(text), [], 'without an error or a warning')
    }
  })
}
