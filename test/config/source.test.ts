import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { buildSnapshot } from '../../src/config/source.ts'
import { ROOT } from '../helpers/gateway.ts'

const EXAMPLE = join(ROOT, 'config.example.yaml')

t.test('what was read builds the same Snapshot again, after it has crossed processes', async (t) => {
  const env = { POLYCDN_PORT: '1234' }
  const loaded = await loadConfig(EXAMPLE, env)
  if ('problems' in loaded) return t.fail(JSON.stringify(loaded.problems))
  const built = buildSnapshot(deserialize(serialize(loaded.source)), env)
  if ('problems' in built) return t.fail(JSON.stringify(built.problems))
  t.equal(JSON.stringify(built.snapshot), JSON.stringify(loaded.snapshot))
  t.equal(built.snapshot.listen[0]?.port, 1234)
  t.strictSame(built.locate('cdns[0].url'), loaded.locate('cdns[0].url'))
  t.strictSame(
    built.snapshot.endpoints.map(({ key }) => key),
    loaded.snapshot.endpoints.map(({ key }) => key),
  )
})

t.test('a text that is wrong has the same problems', async (t) => {
  const built = buildSnapshot({ path: 'a.yaml', text: 'version: 1\nlug: 1\n', files: new Map() }, {})
  t.match(built, { problems: [{ message: 'needs "sites"' }, { file: 'a.yaml', line: 2 }] })
})
