import t from 'tap'
import { CombinedLines } from '../../src/replay/combined-line.ts'

const AT = '[26/Nov/2026:23:09:06 +0000]'
const TIME = Date.UTC(2026, 10, 26, 23, 9, 6)
const ENTRY = {
  time: TIME,
  client: '81.2.69.142',
  method: 'GET',
  host: 'www.example.com',
  target: '/a?b',
  bytes: 1234,
  userAgent: 'curl/8',
  referer: null,
  happened: null,
}

t.test('combined lines with a host', (t) => {
  const lines: readonly (readonly [line: string, entry: object])[] = [
    [`www.example.com 81.2.69.142 - - ${AT} "GET /a?b HTTP/1.1" 200 1234 "-" "curl/8"`, {}],
    [
      `www.example.com:443 81.2.69.142 - jo ${AT} "GET /a?b HTTP/1.1" 200 1234 "-" "curl/8"`,
      { host: 'www.example.com:443' },
    ],
    [`81.2.69.142 - - ${AT} "GET /a?b HTTP/1.1" 200 1234 "-" "curl/8" "www.example.com"`, {}],
    [`81.2.69.142 - jo smith ${AT} "GET /a?b HTTP/1.1" 200 1234 "-" "curl/8" www.example.com 0.003`, {}],
    [`10.0.0.1 81.2.69.142 - - ${AT} "GET /a?b HTTP/1.1" 200 1234 "-" "curl/8"`, { host: '10.0.0.1' }],
    [
      `h 2001:db8::1 - - ${AT} "HEAD / HTTP/2.0" 304 - "https://a/" "-"`,
      {
        host: 'h',
        client: '2001:db8::1',
        method: 'HEAD',
        target: '/',
        bytes: 0,
        referer: 'https://a/',
        userAgent: null,
      },
    ],
    [
      `h 1.2.3.4 - - ${AT} "GET /\\x22q\\x22 HTTP/1.1" 200 0`,
      { host: 'h', client: '1.2.3.4', target: '/"q"', bytes: 0, userAgent: null },
    ],
    [`h 1.2.3.4 - - ${AT} "GET /\\"q\\\\" 200 0 "-" "x"`, { why: 'no request line in it' }],
    [
      `h 1.2.3.4 - - ${AT} "GET /\\"q HTTP/1.1" 200 0 "-" "a \\"b\\" \\\\"`,
      { host: 'h', client: '1.2.3.4', target: '/"q', bytes: 0, userAgent: 'a "b" \\' },
    ],
    [
      `h 1.2.3.4 - - [27/Nov/2026:01:09:06 +0200] "GET /a b HTTP/1.1" 200 7`,
      { host: 'h', client: '1.2.3.4', target: '/a b', bytes: 7, userAgent: null },
    ],
    [
      `h 1.2.3.4 - - [26/Nov/2026:18:39:06 -0430] "GET / HTTP/1.1" 200 7`,
      { host: 'h', client: '1.2.3.4', target: '/', bytes: 7, userAgent: null },
    ],
  ]
  const combined = new CombinedLines(null)
  for (const [line, entry] of lines) {
    t.strictSame(combined.read(line), 'why' in entry ? entry : { ...ENTRY, ...entry }, line)
  }
  t.match(new CombinedLines('named.test').read(`1.2.3.4 - - ${AT} "GET / HTTP/1.1" 200 7 "-" "x"`), {
    host: 'named.test',
  })
  t.end()
})

t.test('what is none', (t) => {
  const line = `h 1.2.3.4 - - ${AT} "GET / HTTP/1.1" 200 7 "-" "x"`
  const wrong: Record<string, readonly string[]> = {
    'neither a JSON object nor a combined line': [
      '',
      'x',
      ' ',
      '\u0000'.repeat(99),
      '[',
      '] "',
      ' [] "',
      `- [${AT}] "`,
      `a b c ${AT} "`,
    ],
    'no time in it': [
      '26/Nov/2026',
      '26/Nov/2026:23:09:06',
      '26/Nov/2026:23:09:6 +0000',
      '26/nov/2026:23:09:06 +0000',
      '26/Foo/2026:23:09:06 +0000',
      '26/anF/2026:23:09:06 +0000',
      '00/Nov/2026:23:09:06 +0000',
      '26/Nov/2026:24:09:06 +0000',
      '26/Nov/2026:23:60:06 +0000',
      '26/Nov/2026:23:09:61 +0000',
      '26/Nov/2026:23:09:06 UTC00',
      '2026-11-26T23:09:06.0+00:00',
    ].map((time) => line.replace(AT.slice(1, -1), time)),
    'no request line in it': [
      '"-" 400 0',
      '"" 400 0',
      '"\\x16\\x03\\x01" 400 0',
      '"GET /" 200 7',
      '"GET / FTP/1.1" 200 7',
      '" / HTTP/1.1" 200 7',
      '"GET / HTTP/1.1',
    ].map((rest) => `h 1.2.3.4 - - ${AT} ${rest}`),
    'no status and bytes in it': [
      '',
      ' ',
      ' 200',
      ' 200 ',
      ' 2000 7',
      ' 200 x7',
      ` 200 ${'9'.repeat(400)}`,
      '200 7',
    ].map((rest) => `h 1.2.3.4 - - ${AT} "GET / HTTP/1.1"${rest}`),
    'no host in it: log one, or name it with --host': [
      `1.2.3.4 - - ${AT} "GET / HTTP/1.1" 200 7 "-" "x"`,
      `1.2.3.4 - - ${AT} "GET / HTTP/1.1" 200 7 "-" "x" "-"`,
    ],
  }
  const combined = new CombinedLines(null)
  for (const [why, lines] of Object.entries(wrong)) {
    for (const one of lines) t.strictSame(combined.read(one), { why }, one)
  }
  t.end()
})

t.test('a thousand lines of the same minutes have their own times', (t) => {
  const combined = new CombinedLines('h')
  for (let at = 0; at < 1000; at++) {
    const time = TIME + ((at * 7919) % 1000) * 1000 * (at % 3 === 0 ? 86_400 : 1)
    const text = new Date(time).toUTCString().replace(/^\w+, (\d\d) (\w+) (\d+) (.*) GMT$/, '$1/$2/$3:$4 +0000')
    const entry = combined.read(`1.2.3.4 - - [${text}] "GET / HTTP/1.1" 200 7`)
    if (entry === null || 'why' in entry || entry.time !== time) t.fail(text, { entry })
  }
  t.end()
})
