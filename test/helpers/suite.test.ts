import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { filesOf } from './suite.ts'

const TESTS = fileURLToPath(new URL('../', import.meta.url))

t.test('every test file is in one suite, and in no other', async (t) => {
  const named = globSync('suites/*.test.ts', { cwd: TESTS }).flatMap((name) => {
    const patterns = readFileSync(`${TESTS}${name}`, 'utf8').matchAll(/'([^']+)'(?=[,)])/g)
    return filesOf([...patterns].map(([, pattern]) => pattern!))
  })
  const all = globSync('**/*.test.ts', { cwd: TESTS, exclude: ['suites'] })
  t.ok(all.length > 300, `${all.length} files`)
  t.same(named.toSorted(), all.toSorted())
})
