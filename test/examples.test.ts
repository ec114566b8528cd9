import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { validate } from '../src/commands/validate.ts'
import { fakeShell } from './helpers/fake-shell.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Whole configurations in the documentation: fenced YAML that begins with the version. */
function documented(page: string): (readonly [name: string, text: string])[] {
  const blocks = [...read(page).matchAll(/^```yaml\n(version: 1\n[\s\S]*?)^```$/gm)]
  return blocks.map(([, text], index) => [`${page}, example ${index + 1}`, text!])
}

const examples = [
  // Those of docs/providers are held to more by test/config/provider-pages.test.ts, and in one process.
  ...['README.md', ...globSync('docs/*.md', { cwd: root })].flatMap(documented),
  ['config.example.yaml', read('config.example.yaml')] as const,
  ['deploy/config/config.yaml', read('deploy/config/config.yaml')] as const,
  ['the ConfigMap', parse(read('deploy/kubernetes/configmap.yaml')).data['config.yaml'] as string] as const,
]

t.test('the README shows a whole configuration', async (t) => {
  t.ok(documented('README.md').length > 0)
})

for (const [name, text] of examples) {
  t.test(`${name} is a valid configuration`, async (t) => {
    const { shell, out, err } = fakeShell({ env: { POLYCDN_ADMIN_TOKEN: '0123456789abcdef0123456789abcdef' } })
    const file = join(t.testdir({ 'config.yaml': text }), 'config.yaml')
    t.equal(await validate(['--config', file], shell), 0, [...out, ...err].join('\n'))
  })
}

t.test('one that is not valid is refused', async (t) => {
  const [, text] = examples[0]!
  const folder = t.testdir({ 'config.yaml': text.replace('hosts:', 'hostz:') })
  t.equal(await validate(['--config', join(folder, 'config.yaml')], fakeShell().shell), 2)
})
