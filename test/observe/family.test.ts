import t from 'tap'
import { codeClass } from '../../src/observe/code-class.ts'
import { CounterFamily } from '../../src/observe/counter-family.ts'
import { GaugeFamily } from '../../src/observe/gauge-family.ts'
import { HistogramFamily } from '../../src/observe/histogram-family.ts'

const spec = { name: 'x_total', help: 'x', labelNames: ['site', 'cdn'] } as const

t.test('a child is memoised by its values, and counts', async (t) => {
  const family = new CounterFamily(spec)
  const child = family.child('www', 'a')
  t.equal(family.child('www', 'a'), child)
  t.not(family.child('a', 'www'), child)
  child.inc()
  child.inc(2.5)
  t.strictSame(family.get(), {
    name: 'x_total',
    help: 'x',
    type: 'counter',
    aggregator: 'sum',
    values: [
      { value: 3.5, sharedLabels: { site: 'www', cdn: 'a' } },
      { value: 0, sharedLabels: { site: 'a', cdn: 'www' } },
    ],
  })
})

t.test('values that look alike when they are joined stay apart', async (t) => {
  const family = new CounterFamily(spec)
  const pairs = [['a,b', 'c'], ['a', 'b,c'], ['a\u0000b', 'c'], ['a', 'b\u0000c'], ['a\ud800b', 'c'], ['a', 'b\ud800c']] // biome-ignore format: pairs
  const children = new Set(pairs.map(([a, b]) => family.child(a!, b!)))
  t.equal(children.size, pairs.length)
})

t.test('a family is bounded: what comes later shares one child', async (t) => {
  const family = new CounterFamily({ ...spec, maxChildren: 3 })
  for (let i = 0; i < 50; i++) family.child(`site-${i}`, 'a').inc()
  t.equal(family.size, 4)
  t.equal(family.child('_other', '_other').value, 47)
  t.equal(family.child('site-2', 'a').value, 1, 'those that have a place keep it')
  t.equal(
    family.dropWhere(({ site }) => site !== 'site-0'),
    2,
    'the shared one stays',
  )
  for (const site of ['late', 'later', 'last']) family.child(site, 'a').inc()
  t.equal(family.child('later', 'a').value, 1, 'dropped children leave their places to others')
  t.equal(family.child('_other', '_other').value, 48)
})

t.test('dropWhere removes what it is told and reports how many', async (t) => {
  const family = new GaugeFamily(spec)
  family.child('www', 'a').set(1)
  family.child('www', 'b').set(2)
  family.child('api', 'a').set(3)
  t.equal(
    family.dropWhere(({ cdn }) => cdn === 'a'),
    2,
  )
  t.strictSame(family.get().values, [{ value: 2, sharedLabels: { site: 'www', cdn: 'b' } }])
})

t.test('unlabelled counters are there at once, unset gauges are absent', async (t) => {
  t.equal(new CounterFamily({ name: 'a', help: '', labelNames: [] }).get().values.length, 1)
  t.equal(new HistogramFamily({ name: 'a', help: '', labelNames: [] }, [1]).get().values.length, 4)
  const gauge = new GaugeFamily({ name: 'a', help: '', labelNames: [] })
  t.equal(gauge.get().values.length, 0)
  gauge.child().inc(3)
  gauge.child().dec()
  t.strictSame(gauge.get().values, [{ value: 2, sharedLabels: {} }])
  gauge.reset()
  t.equal(gauge.size, 0)
})

t.test('a histogram counts into cumulative buckets; a bound belongs to its bucket', async (t) => {
  const family = new HistogramFamily({ name: 'd', help: '', labelNames: ['site'] }, [0.1, 1])
  const child = family.child('www')
  for (const seconds of [0, 0.1, 0.11, 1, 5, -3, Number.NaN, Number.POSITIVE_INFINITY]) child.observe(seconds)
  const lines = family.get().values.map(({ metricName, labels, value }) => [metricName, labels?.le, value])
  t.strictSame(lines, [
    ['d_bucket', '0.1', 3],
    ['d_bucket', '1', 5],
    ['d_bucket', '+Inf', 6],
    ['d_sum', undefined, 6.21],
    ['d_count', undefined, 6],
  ])
})

t.test('label values are cut, well-formed and strings', async (t) => {
  const family = new CounterFamily({ name: 'a', help: '', labelNames: ['x'] })
  t.equal(family.child('a\ud800'), family.child('a\ufffd'), 'they would be twins in UTF-8')
  family.child('y'.repeat(10_000))
  family.child(undefined as unknown as string)
  const values = family.get().values.map(({ sharedLabels }) => sharedLabels.x!)
  t.strictSame(values, ['a\ufffd', 'y'.repeat(200), 'undefined'])
})

t.test('codeClass', async (t) => {
  const classes = [100, 200, 304, 499, 599, 600, 99, 0, Number.NaN].map(codeClass)
  t.strictSame(classes, ['1xx', '2xx', '3xx', '4xx', '5xx', '_other', '_other', '_other', '_other'])
})
