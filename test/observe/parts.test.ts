import t from 'tap'
import type { FamilyPart } from '../../src/observe/family.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { Exposition } from '../helpers/exposition.ts'

const bare = () => new Metrics({ version: '1', node: '1' }, { processMetrics: false })

/** As another process would get it. */
const sent = (metrics: Metrics): FamilyPart[] => structuredClone(metrics.take()) as FamilyPart[]

async function scrape(metrics: Metrics): Promise<Exposition> {
  return new Exposition((await metrics.exposition()).body)
}

t.test('what several processes count adds up, and stays when they end', async (t) => {
  const total = bare()
  const workers = [bare(), bare()]
  for (const worker of workers) worker.requests.child('www', 'fra', '2xx').inc(3)
  for (const [index, worker] of workers.entries()) total.add(sent(worker), String(index))
  workers[0]!.requests.child('www', 'fra', '2xx').inc()
  workers[0]!.requests.child('www', 'iad', '5xx').inc(2)
  total.add(sent(workers[0]!), '0')
  total.release('0')
  total.release('1')
  const got = await scrape(total)
  t.equal(got.value('polycdn_requests_total', { cdn: 'fra' }), 7)
  t.equal(got.value('polycdn_requests_total', { cdn: 'iad' }), 2)
})

t.test('histograms add up bucket by bucket, with what the process itself observed', async (t) => {
  const total = bare()
  const worker = bare()
  total.requestDuration.child('www').observe(0.3)
  for (const seconds of [0.002, 0.3, 400]) worker.requestDuration.child('www').observe(seconds)
  total.add(sent(worker), '1')
  worker.requestDuration.child('www').observe(0.002)
  total.add(sent(worker), '1')
  const got = await scrape(total)
  const at = (le: string) => got.value('polycdn_request_duration_seconds_bucket', { le })
  t.strictSame([at('0.001'), at('0.0025'), at('0.25'), at('0.5'), at('300'), at('+Inf')], [0, 2, 2, 4, 4, 5])
  t.equal(got.value('polycdn_request_duration_seconds_count'), 5)
  t.equal(got.value('polycdn_request_duration_seconds_sum')?.toFixed(3), '400.604')
})

t.test('what a process holds goes with it', async (t) => {
  const total = bare()
  const workers = [bare(), bare()]
  workers.forEach((worker, index) => {
    worker.connections.child().set(10 + index)
    total.add(sent(worker), String(index))
  })
  t.equal((await scrape(total)).value('polycdn_connections'), 21)
  workers[0]!.connections.child().set(2)
  total.add(sent(workers[0]!), '0')
  t.equal((await scrape(total)).value('polycdn_connections'), 13)
  total.release('1')
  t.equal((await scrape(total)).value('polycdn_connections'), 2)
})

t.test('totals that others keep are copied before they are taken, and only their growth is told', async (t) => {
  const total = bare()
  const worker = bare()
  let dropped = 5
  worker.onScrape(() => worker.logLinesDropped.child().set(dropped))
  total.onScrape(() => total.logLinesDropped.child().set(1))
  total.add(sent(worker), '1')
  dropped = 7
  total.add(sent(worker), '1')
  t.equal((await scrape(total)).value('polycdn_log_lines_dropped_total'), 8)
})

t.test('without news there is nothing to tell; what every process knows is not told', async (t) => {
  const worker = bare()
  t.strictSame(worker.take(), [])
  worker.requests.child('www', 'fra', '2xx').inc()
  worker.requestDuration.child('www').observe(1)
  t.equal(worker.take().length, 2)
  t.strictSame(worker.take(), [])
})

t.test('a part of a family that is not known is no crash', async (t) => {
  const total = bare()
  total.add([{ name: 'polycdn_nothing', series: [[['a'], 1]] }], '1')
  t.notMatch((await total.exposition()).body, 'polycdn_nothing')
})
