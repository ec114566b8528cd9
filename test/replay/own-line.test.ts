import t from 'tap'
import { AccessLog } from '../../src/observe/access-log.ts'
import { readOwnLine } from '../../src/replay/own-line.ts'

t.test('what the access log writes is read', (t) => {
  const lines: string[] = []
  const attempt = { endpoint: 'https://a', code: null, status: 200, ms: 1, hops: 0 }
  new AccessLog({ write: (line) => lines.push(line) }).write({
    time: 1_790_000_000_123.4,
    site: 'www',
    route: 'all',
    client: '81.2.69.0',
    method: 'GET',
    host: 'www.example.com',
    path: `/${'a'.repeat(3000)}?secret`,
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 7,
    duration_ms: 1,
    ttfb_ms: 1,
    cdn: 'b',
    endpoint: 'https://b',
    reason: 'failover-error',
    attempts: [
      { ...attempt, cdn: 'a', outcome: 'failed' },
      { ...attempt, cdn: 'b', outcome: 'served' },
    ],
    cache: null,
    error: null,
    user_agent: 'curl/8 \u2028 "',
    aborted: false,
  })
  t.strictSame(readOwnLine(lines[0]!), {
    time: 1_790_000_000_123,
    client: '81.2.69.0',
    method: 'GET',
    host: 'www.example.com',
    target: `/${'a'.repeat(2046)}`,
    bytes: 7,
    userAgent: 'curl/8 \u2028 "',
    referer: null,
    happened: { servedBy: 'b', failedAt: ['a'] },
  })
  t.end()
})

t.test('events are no fault, and everything else is', (t) => {
  const line = { time: 1, client: '1.2.3.4', method: 'GET', host: 'h', path: '/', bytes: 0 }
  t.equal(readOwnLine('{"time":"2026-01-02T03:04:05.006Z","level":"info","event":"ready"}'), null)
  t.match(readOwnLine(JSON.stringify(line)), { happened: { servedBy: 'none', failedAt: [] } })
  const long = 'c'.repeat(65)
  const invented = { ...line, cdn: long, attempts: [{ cdn: long, outcome: 'failed' }] }
  t.match(
    readOwnLine(JSON.stringify(invented)),
    { happened: { servedBy: 'none', failedAt: [] } },
    'no CDN has such a name',
  )
  const wrong: Record<string, readonly unknown[]> = {
    'JSON, but no access line of polycdn': [
      {},
      { ...line, time: '1' },
      { ...line, time: -1 },
      // No calendar goes so far, and ISO 8601 ends with the year 9999.
      { ...line, time: 9e15 },
      { ...line, time: Date.UTC(10_000, 0, 1) },
      { ...line, bytes: 1e300 },
      { ...line, host: 1 },
      { ...line, path: null },
      { ...line, client: [] },
      { ...line, method: {} },
    ],
    'no client address in it (log.client_ip: none)': [{ ...line, client: null }],
  }
  for (const [why, records] of Object.entries(wrong)) {
    for (const record of records) t.strictSame(readOwnLine(JSON.stringify(record)), { why })
  }
  for (const text of ['{', '{"a":', '{]', `{"a":${'['.repeat(60_000)}`, '{"a":1}x', '{\u0000}']) {
    t.strictSame(readOwnLine(text), { why: 'no valid JSON' })
  }
  for (const attempts of [7, 'x', [null, 1, {}, { cdn: 1, outcome: 'failed' }]]) {
    t.match(readOwnLine(JSON.stringify({ ...line, attempts })), { happened: { failedAt: [] } })
  }
  t.end()
})
