import t from 'tap'
import { marksOf, parseBoardState, toAbsolute, toRelative } from '../../src/health/board-state.ts'

const GOOD = {
  key: 'a|https://a.test',
  unhealthy: false,
  ejections: 2,
  recoveredAt: -5,
  ejectedUntil: 100.5,
  corruptUntil: null,
  heldUntil: null,
  lastSuccess: -1e6,
}

t.test('times of one process on the clock of another', (t) => {
  t.equal(toAbsolute(toRelative(1_500, 1_000), 20_000), 20_500)
  t.equal(toRelative(Number.NEGATIVE_INFINITY, 5), null)
  t.equal(toAbsolute(null, 5), Number.NEGATIVE_INFINITY)
  t.strictSame(marksOf(GOOD, 1_000), {
    unhealthy: false,
    recoveredAt: 995,
    ejectedUntil: 1_100.5,
    corruptUntil: Number.NEGATIVE_INFINITY,
    heldUntil: Number.NEGATIVE_INFINITY,
  })
  t.end()
})

t.test('what is right is read, and nothing else of it', (t) => {
  t.strictSame(parseBoardState({ endpoints: [{ ...GOOD, more: 1 }], version: 1 }), { endpoints: [GOOD] })
  t.strictSame(parseBoardState({ endpoints: [] }), { endpoints: [] })
  t.end()
})

t.test('anything wrong makes all of it nothing', (t) => {
  const wrong: unknown[] = [
    null,
    3,
    'x',
    [],
    {},
    { endpoints: {} },
    { endpoints: [null] },
    { endpoints: new Array(100_001).fill(GOOD) },
    ...[
      { key: 7 },
      { key: 'x'.repeat(65_537) },
      { unhealthy: 'no' },
      { ejections: -1 },
      { ejections: 0.5 },
      { ejections: 1e9 },
      { ejections: null },
      { ejectedUntil: '5' },
      { ejectedUntil: 1e300 },
      { ejectedUntil: Number.NaN },
      { recoveredAt: Number.NEGATIVE_INFINITY },
      { corruptUntil: true },
      { heldUntil: [] },
      { lastSuccess: undefined },
    ].map((over) => ({ endpoints: [GOOD, { ...GOOD, ...over }] })),
  ]
  for (const input of wrong) t.equal(parseBoardState(input), null, JSON.stringify(input)?.slice(0, 120))
  t.end()
})
