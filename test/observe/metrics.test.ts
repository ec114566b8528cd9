import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Metrics } from '../../src/observe/metrics.ts'
import { Exposition } from '../helpers/exposition.ts'
import { requireProgram, skipUnless } from '../helpers/programs.ts'
import { filledMetrics } from './filled-metrics.ts'

/** What hostile or careless configurations may name a site, a CDN or a URL. */
const HOSTILE = [
  'quote" } 1\npolycdn_forged_total 1\n',
  'back\\slash\\n\\',
  'carriage\rreturn \u0000 \u0085 \u2028',
  'Größe 日本 🦊',
  'broken \udc00 surrogate \ud800',
  '{}=,#"',
  '',
]

const bare = () => new Metrics({ version: '1.2.3', node: 'v26.0.0' }, { processMetrics: false })

t.test('the exposition has every instrument, and what was counted', async (t) => {
  const metrics = filledMetrics(['a'])
  metrics.requests.child('www', 'cloudfront', '2xx').inc(3)
  metrics.firstByte.child('www', 'cloudfront').observe(0.3)
  const { contentType, body } = await metrics.exposition()
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  const scrape = new Exposition(body)
  t.equal(scrape.value('polycdn_requests_total', { site: 'www', cdn: 'cloudfront', code: '2xx' }), 3)
  t.equal(scrape.value('polycdn_first_byte_seconds_bucket', { site: 'www', le: '0.25' }), 0)
  t.equal(scrape.value('polycdn_first_byte_seconds_bucket', { site: 'www', le: '0.5' }), 1)
  t.equal(scrape.value('polycdn_build_info', { version: '1.2.3', node: 'v26.0.0' }), 1)
  t.ok(scrape.value('process_resident_memory_bytes'))
  for (const { name, type } of metrics.instruments) {
    const sample = type === 'histogram' ? `${name}_count` : name
    t.ok(scrape.select(sample).length > 0, sample)
    t.match(name, /^polycdn_[a-z_]+$/)
  }
})

t.test('hostile label values neither break a line nor forge a metric', async (t) => {
  const { body } = await filledMetrics(HOSTILE, { processMetrics: false }).exposition()
  const lines = body.split('\n').filter((line) => line.startsWith('polycdn_requests_total'))
  const escaped = HOSTILE.map((value) =>
    value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"'),
  )
  t.strictSame(
    lines,
    escaped.map((value) => `polycdn_requests_total{site="${value}",cdn="${value}",code="${value}"} 7`),
  )
  t.notMatch(body, /^polycdn_forged/m)
  t.ok(body.isWellFormed())
})

t.test('promtool has nothing to say, with real values and hostile labels in all families', async (t) => {
  if (!skipUnless(t, 'promtool')) return
  for (const values of [['www'], HOSTILE]) {
    const { body } = await filledMetrics(values).exposition()
    const check = spawnSync(requireProgram('promtool'), ['check', 'metrics'], { input: body, encoding: 'utf8' })
    t.strictSame({ out: check.stdout, err: check.stderr, status: check.status }, { out: '', err: '', status: 0 })
  }
})

t.test(
  'values of others are copied at each scrape; a hook that throws is counted and costs nothing else',
  async (t) => {
    const metrics = bare()
    let open = 5
    metrics.onScrape(() => {
      throw new Error('broken')
    })
    const stop = metrics.onScrape(() => {
      metrics.connections.child().set(open)
      metrics.geoLookups.child('hit').set(open * 100)
    })
    const first = new Exposition((await metrics.exposition()).body)
    t.equal(first.value('polycdn_connections'), 5)
    t.equal(first.value('polycdn_geo_lookups_total', { result: 'hit' }), 500)
    t.equal(first.value('polycdn_scrape_errors_total'), 1)
    open = 6
    t.equal(new Exposition((await metrics.exposition()).body).value('polycdn_connections'), 6)
    stop()
    open = 7
    t.equal(new Exposition((await metrics.exposition()).body).value('polycdn_connections'), 6)
  },
)

t.test('scrapes at the same time share one run', async (t) => {
  const metrics = bare()
  let runs = 0
  metrics.onScrape(() => {
    runs++
  })
  const all = await Promise.all(Array.from({ length: 20 }, () => metrics.exposition()))
  t.equal(runs, 1)
  t.equal(new Set(all.map(({ body }) => body)).size, 1)
  await metrics.exposition()
  t.equal(runs, 2)
})

t.test('after a reload only the series of what is still configured remain', async (t) => {
  const metrics = bare()
  for (const site of ['www', 'old', '_other']) metrics.requests.child(site, 'a', '2xx').inc()
  for (const cdn of ['a', 'gone', 'origin', 'none']) metrics.requests.child('www', cdn, '2xx').inc()
  metrics.failovers.child('a', 'origin', 'unhealthy').inc()
  metrics.failovers.child('a', 'gone', 'unhealthy').inc()
  metrics.decisions.child('p', 'proximity').inc()
  metrics.decisions.child('q', 'proximity').inc()
  metrics.endpointHealthy.child('a', 'https://1').set(1)
  metrics.endpointHealthy.child('a', 'https://2').set(1)
  metrics.tlsCertificateExpiry.child('www.example.com').set(1)
  metrics.tlsCertificateExpiry.child('gone.example.com').set(1)
  const dropped = metrics.dropStale({
    sites: new Set(['www']),
    cdns: new Set(['a']),
    policies: new Set(['p']),
    endpoints: new Set(['https://1']),
    certificates: new Set(['www.example.com']),
  })
  t.equal(dropped, 6)
  const scrape = new Exposition((await metrics.exposition()).body)
  const left = scrape.select('polycdn_requests_total').map(({ labels }) => `${labels.site} ${labels.cdn}`)
  t.strictSame(left, ['www a', '_other a', 'www origin', 'www none'])
  t.equal(scrape.sum('polycdn_failovers_total'), 1)
  t.equal(scrape.value('polycdn_decisions_total'), 1)
  t.equal(scrape.value('polycdn_endpoint_healthy'), 1)
  t.equal(scrape.value('polycdn_build_info'), 1, 'what has no configured name stays')
})

t.test('docs/metrics.md lists exactly these instruments', async (t) => {
  const rows = bare().instruments.map(({ name, type, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(' ')
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`
  })
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  t.strictSame(
    page.split('\n').filter((line) => line.startsWith('| `polycdn_')),
    rows,
  )
})
