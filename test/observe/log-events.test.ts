import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const EVENT =
  /(?:\.(?:info|warn|error)|onProblem|onEvent|tell)\(\s*(?:\w+ \? )?'([a-z]+(?:-[a-z]+)*)'(?: : '([a-z]+(?:-[a-z]+)*)')?/g

t.test('docs/logging.md names every event of the log', (t) => {
  const page = readFileSync(join(root, 'docs/logging.md'), 'utf8')
  // What src/cache tells are kinds of problems, which are events where they are logged.
  const events = globSync('src/**/*.ts', { cwd: root, exclude: ['src/cache/**'] })
    .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(EVENT)])
    .flatMap(([, one, other]) => [one, other])
    .filter((event) => event !== undefined)
  events.push(...['unusable', 'unwritable', 'damaged'].map((problem) => `cache-disk-${problem}`))
  t.ok(new Set(events).size > 35, `${new Set(events).size} events`)
  t.same([...new Set(events)].filter((event) => !page.includes(`\`${event}\``)).sort(), [])
  t.end()
})
