import t from 'tap'
import type { Cdn } from '../../src/config/snapshot.ts'
import { Log } from '../../src/observe/log.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { PURGE_APIS } from '../../src/purging/apis/index.ts'
import type { ApiAnswer } from '../../src/purging/apis/purge-api.ts'
import { CdnPurges } from '../../src/purging/cdn-purges.ts'
import { Tokens } from '../../src/purging/tokens.ts'
import { ScriptedClock } from '../helpers/scripted-clock.ts'
import { answer, at, order } from './support.ts'

const API = PURGE_APIS.bunny({ pullZone: null, key: 'canary-key', widen: false, endpoint: 'https://b.example' })
const ORDER = order({ urls: [at('https://cdn.example/canary')] })

function setUp(reply: () => ApiAnswer | Promise<ApiAnswer>) {
  const lines: string[] = []
  const metrics = new Metrics({ version: '1', node: '1' }, { processMetrics: false })
  const clock = new ScriptedClock()
  const now = () => clock.now()
  const means = { ask: async () => reply(), timers: clock, now, random: () => 1, tokens: new Tokens(now) }
  const log = new Log({ sink: { write: (line) => lines.push(line) }, now: Date.now })
  const purges = new CdnPurges({ means, metrics, log })
  const start = (purge: Cdn['purge'] = API) => purges.start({ cdn: { name: 'a', purge } as Cdn, order: ORDER })
  return { purges, metrics, lines, start }
}

t.test('what ended is counted and logged, without what was purged', async (t) => {
  const { purges, metrics, lines, start } = setUp(() => answer(204))
  purges.adopt([{ name: 'a', purge: API } as Cdn, { name: 'b', purge: null } as Cdn])
  t.match((await metrics.exposition()).body, 'polycdn_cdn_purges_total{cdn="a",result="failed"} 0')
  const good = start()
  t.match(good.state(), { cdn: 'a', status: 'pending', calls: 1 })
  t.equal(metrics.cdnPurgesPending.child('a').value, 1)
  t.equal(await good.ended, true)
  t.match(good.state(), { cdn: 'a', status: 'purged', done: 1 })
  t.equal(metrics.cdnPurgesPending.child('a').value, 0)
  t.equal(metrics.cdnPurges.child('a', 'purged').value, 1)
  t.match(JSON.parse(lines[0]!), { event: 'cdn-purged', level: 'info', cdn: 'a', calls: 1 })
  const bad = setUp(() => answer(403))
  t.equal(await bad.start().ended, false, 'nothing was forgotten')
  t.match(JSON.parse(bad.lines[0]!), { event: 'cdn-not-purged', status: 'failed', not_purged: 1 })
  t.notMatch([...lines, ...bad.lines].join(), 'canary')
})

t.test('who cannot be told says so', async (t) => {
  const { start } = setUp(() => answer(204))
  const { state, ended } = start(null)
  t.same(state(), { cdn: 'a', status: 'not-configured' })
  t.equal(await ended, false)
})

t.test('there is a bound, and an end', async (t) => {
  const { purges, metrics, start } = setUp(() => answer(503))
  const many = Array.from({ length: 64 }, () => start())
  t.same(start().state(), { cdn: 'a', status: 'overloaded' })
  await purges.close()
  t.match(many[63]!.state(), { status: 'failed' })
  t.equal(metrics.cdnPurgesPending.child('a').value, 0)
  t.same(start().state(), { cdn: 'a', status: 'overloaded' }, 'nothing begins any more')
})
