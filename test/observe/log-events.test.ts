import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const EVENT =
  /(?:\.(?:info|warn|error)|onProblem|onEvent|tell)\(\s*(?:\w+ \? )?'([a-z]+(?:-[a-z]+)*)'(?: : '([a-z]+(?:-[a-z]+)*)')?/g

t.test('docs/logging.md names every event of the log', (t) => {
  const page = readFileSync(join(root, 'docs/logging.md'), 'utf8')
  const events = globSync('src/**/*.ts', { cwd: root })
    .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(EVENT)])
    .flatMap(([, one, other]) => [one, other])
    .filter((event) => event !== undefined)
  t.ok(new Set(events).size > 35, `${new Set(events).size} events`)
  t.same([...new Set(events)].filter((event) => !page.includes(`\`${event}\``)).sort(), [])
  t.end()
})
