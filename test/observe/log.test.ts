import t from 'tap'
import { PolycdnError } from '../../src/errors.ts'
import { type Level, Log } from '../../src/observe/log.ts'
import { loggable } from '../../src/observe/loggable.ts'

function recorded(level?: Level) {
  const lines: string[] = []
  const clock = { now: Date.UTC(2026, 0, 2, 3, 4, 5, 6) }
  const log = new Log({
    sink: { write: (line) => lines.push(line) },
    now: () => clock.now,
    ...(level === undefined ? {} : { level }),
  })
  return { log, clock, lines, read: () => lines.splice(0).map((line) => JSON.parse(line)) }
}

t.test('a line has time, level, event, then the fields', async (t) => {
  const { log, lines } = recorded()
  log.info('config-reloaded', { id: 'abc', sites: 3, none: undefined })
  t.strictSame(lines, [
    '{"time":"2026-01-02T03:04:05.006Z","level":"info","event":"config-reloaded","id":"abc","sites":3}',
  ])
})

t.test('fields cannot take the place of time, level and event', async (t) => {
  const { log, read } = recorded()
  log.warn('real', { event: 'forged', level: 'debug', time: 0, __proto__: { x: 1 } })
  t.match(read()[0], { time: '2026-01-02T03:04:05.006Z', level: 'warn', event: 'real' })
})

t.test('the level decides what is written, and may change', async (t) => {
  const { log, read } = recorded()
  const all = () => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('x')
    return read().map((line) => line.level)
  }
  t.strictSame(all(), ['info', 'warn', 'error'])
  log.setLevel('error')
  t.strictSame(all(), ['error'])
  log.setLevel('debug')
  t.strictSame(all(), ['debug', 'info', 'warn', 'error'])
})

t.test('errors are message and code; their stack only at debug', async (t) => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const error = new PolycdnError('internal_error', 'no luck', { cause })
  const quiet = recorded()
  quiet.log.error('failed', { error })
  t.strictSame(quiet.read()[0].error, {
    message: 'no luck',
    code: 'internal_error',
    cause: { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
  })
  const loud = recorded('debug')
  loud.log.error('failed', { error })
  t.match(loud.read()[0].error.stack, /log\.test\.ts/)
})

t.test('no value makes it throw or the line endless', async (t) => {
  const circular: Record<string, unknown> = { name: 'c' }
  circular.self = circular
  const looped = new Error('looped')
  looped.cause = looped
  const values: Record<string, unknown> = {
    circular,
    looped,
    big: 10n ** 30n,
    nan: Number.NaN,
    fn: () => 1,
    symbol: Symbol('s'),
    date: new Date(0),
    badDate: new Date(Number.NaN),
    map: new Map<unknown, unknown>([['k', new Set([1, 'x'])]]),
    text: 'x'.repeat(1e6),
    numbers: Array(99).fill(Array(99).fill(Array(99).fill(1))),
    many: Array.from({ length: 1e5 }, () => ['y'.repeat(5000)]),
    wide: Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [`key-${i}`, i])),
    proxy: new Proxy({}, { ownKeys: () => { throw new Error('no') } }), // biome-ignore format: one line
    getter: { get x() { throw new Error('no') }, y: 1 }, // biome-ignore format: one line
    message: Object.assign(new Error('x'), { message: { toString: () => { throw new Error('no') } } }), // biome-ignore format: one line
    proto: JSON.parse('{"__proto__":{"a":1}}'),
  }
  const { log, lines } = recorded()
  for (const [name, value] of Object.entries(values)) log.info('x', { [name]: value })
  log.info('z'.repeat(1e5), values)
  t.equal(lines.length, Object.keys(values).length + 1)
  for (const line of lines) {
    t.ok(line.length < 40_000, `${line.length}`)
    t.notMatch(line, '\n')
    JSON.parse(line)
  }
  const field = (name: string) => JSON.parse(lines[Object.keys(values).indexOf(name)]!)[name]
  t.equal(field('text').length, 2048)
  t.equal(field('big'), `1${'0'.repeat(30)}`)
  t.equal(field('date'), '1970-01-01T00:00:00.000Z')
  t.strictSame(field('map'), { k: [1, 'x'] })
  t.strictSame(field('getter'), { x: '[unreadable]', y: 1 })
  t.equal(field('proxy'), '[unreadable]')
  t.equal(field('message'), '[unreadable]')
  t.equal(field('circular').self.name, 'c')
  t.equal(field('many').length, 100)
  t.ok(lines.some((line) => line.includes('"proto":{"__proto__":{"a":1}}')))
})

t.test('hostile text stays in its field', async (t) => {
  const { log, lines } = recorded()
  const host = 'a"}\n{"level":"error"}\u2028\u0085\u001b[31m\ud800'
  log.info('unknown-host', { host })
  t.equal(lines[0]!.split(/[\n\r\u0085\u2028\u2029]/).length, 1)
  t.equal(JSON.parse(lines[0]!).host, host)
})

t.test('a clock gone mad costs the time only', async (t) => {
  const { log, clock, read } = recorded()
  clock.now = Number.NaN
  log.info('x')
  t.equal(read()[0].time, 'unknown')
})

t.test('throttle: one line an interval, the next one says how many were suppressed', async (t) => {
  const { log, clock, read } = recorded()
  const hit = () => log.throttle('unknown-host', 10_000)?.warn('unknown-host', { host: 'x' })
  for (let i = 0; i < 100; i++) hit()
  t.strictSame(
    read().map(({ level, host, suppressed }) => ({ level, host, suppressed })),
    [{ level: 'warn', host: 'x', suppressed: undefined }],
  )
  clock.now += 10_000
  for (let i = 0; i < 5; i++) hit()
  t.strictSame(
    read().map(({ suppressed }) => suppressed),
    [99],
  )
})

t.test('loggable copies', async (t) => {
  const list = [1]
  t.same(loggable({ a: list, b: null, c: true }), { a: [1], b: null, c: true })
  t.strictSame(loggable([[[[['deep']]]]]), [[[['…']]]])
})
