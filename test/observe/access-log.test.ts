import t from 'tap'
import { AccessLog, type AccessRecord } from '../../src/observe/access-log.ts'

const RECORD: AccessRecord = {
  time: 1767323045006.4,
  site: 'www',
  route: 'assets',
  client: '81.2.69.0',
  method: 'GET',
  host: 'www.example.com',
  path: '/assets/app.js?token=secret#x',
  protocol: 'HTTP/1.1',
  status: 200,
  bytes: 1024,
  duration_ms: 12.3456,
  ttfb_ms: 3.04,
  cdn: 'b',
  endpoint: 'https://b.example.net',
  reason: 'failover-error',
  attempts: [
    {
      cdn: 'a',
      endpoint: 'https://a.example.net',
      outcome: 'failed',
      code: 'connection_refused',
      status: null,
      ms: 1.26,
      hops: 0,
    },
    { cdn: 'b', endpoint: 'https://b.example.net', outcome: 'served', code: null, status: 200, ms: 2, hops: 1 },
  ],
  cache: null,
  error: null,
  user_agent: 'curl/8',
  aborted: false,
}

function written(record: AccessRecord): string {
  const lines: string[] = []
  new AccessLog({ write: (line) => lines.push(line) }).write(record)
  t.equal(lines.length, 1)
  return lines[0]!
}

t.test('one line has the whole story, without the query', async (t) => {
  t.strictSame(JSON.parse(written(RECORD)), {
    ...RECORD,
    time: 1767323045006,
    path: '/assets/app.js',
    duration_ms: 12.3,
    ttfb_ms: 3,
    attempts: [{ ...RECORD.attempts[0], ms: 1.3 }, RECORD.attempts[1]],
  })
  t.notMatch(written(RECORD), 'secret')
})

t.test('what is not known is null', async (t) => {
  const nothing = { site: null, route: null, client: null, ttfb_ms: null, cdn: null, endpoint: null, reason: null }
  const record: AccessRecord = { ...RECORD, ...nothing, attempts: [], error: 'unknown_host', user_agent: null }
  t.match(JSON.parse(written(record)), { ...nothing, attempts: [], error: 'unknown_host', user_agent: null })
})

t.test('hostile bytes can neither end nor forge a line', async (t) => {
  let bytes = ''
  for (let byte = 0; byte < 256; byte++) bytes += String.fromCharCode(byte)
  for (const text of [
    bytes.replace('?', ''),
    '"}\n{"status":200}',
    'a\u2028b\u2029c',
    '\ud800',
    '\udc00\ud800',
    '\u001b[2J\u009b2J',
  ]) {
    const line = written({ ...RECORD, method: text.slice(0, 20), host: text, path: `/${text}`, user_agent: text })
    t.notMatch(line, /[\p{Zl}\p{Zp}]|\p{Cc}/u)
    t.ok(line.isWellFormed(), 'no lone surrogate gets out')
    t.match(JSON.parse(line), {
      host: text.slice(0, 255),
      path: `/${text}`,
      user_agent: text.slice(0, 255),
      status: 200,
    })
  }
})

t.test('what clients send is cut', async (t) => {
  const long = 'x'.repeat(100_000)
  const attempts = Array.from({ length: 1000 }, () => RECORD.attempts[0]!)
  const line = written({ ...RECORD, method: long, host: long, path: `/${long}`, user_agent: long, attempts })
  t.equal(JSON.parse(line).user_agent.length, 256)
  t.equal(JSON.parse(line).attempts.length, 16)
  t.ok(line.length < 6000, `${line.length}`)
})

t.test('what lines begin with is that of each request, whatever the line before had', async (t) => {
  const lines: string[] = []
  const log = new AccessLog({ write: (line) => lines.push(line) })
  const records: AccessRecord[] = [
    RECORD,
    { ...RECORD, site: null },
    { ...RECORD, site: 'other' },
    { ...RECORD, route: null },
    { ...RECORD, client: null },
    { ...RECORD, method: 'HEAD' },
    { ...RECORD, host: 'other.example.com' },
    RECORD,
    RECORD,
  ]
  for (const record of records) log.write(record)
  const begin = ({ site, route, client, method, host }: AccessRecord) => ({ site, route, client, method, host })
  t.strictSame(
    lines.map((line) => begin(JSON.parse(line))),
    records.map(begin),
  )
})

t.test('and what they end with, too', async (t) => {
  const lines: string[] = []
  const log = new AccessLog({ write: (line) => lines.push(line) })
  const hit: AccessRecord = { ...RECORD, attempts: [], cache: 'hit' }
  const others: Partial<AccessRecord>[] = [
    { cdn: null },
    { endpoint: null },
    { reason: null },
    { cache: null },
    { error: 'no_route' },
    { user_agent: null },
    { aborted: true },
    { attempts: RECORD.attempts },
  ]
  // Each line differs from those round it in one thing.
  const records = others.flatMap((other): AccessRecord[] => [hit, { ...hit, ...other }])
  for (const record of records) log.write(record)
  const end = ({ cdn, endpoint, reason, cache, error, user_agent, aborted, attempts }: AccessRecord) => {
    return { cdn, endpoint, reason, cache, error, user_agent, aborted, attempts: attempts.length }
  }
  t.strictSame(
    lines.map((line) => end(JSON.parse(line))),
    records.map(end),
  )
})
