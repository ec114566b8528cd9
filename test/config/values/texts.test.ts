import t from 'tap'
import { parseDistance } from '../../../src/config/values/distance.ts'
import { parseDuration } from '../../../src/config/values/duration.ts'
import { parseHeaderName, parseHeaderValue } from '../../../src/config/values/header-field.ts'
import { parseHostPattern } from '../../../src/config/values/host-pattern.ts'
import { isLoopback, parseListenAddress } from '../../../src/config/values/listen-address.ts'
import { parsePathTemplate } from '../../../src/config/values/path-template.ts'
import { parseSize } from '../../../src/config/values/size.ts'
import { parseStatusRange } from '../../../src/config/values/status-range.ts'
import { parseUpstreamUrl } from '../../../src/config/values/upstream-url.ts'

t.test('durations', async (t) => {
  const rows: [unknown, number | undefined][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    [0, 0],
    ['0s', 0],
    [10, undefined],
    ['10', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1d', undefined],
    ['1m30s', undefined],
    [`${'9'.repeat(400)}h`, undefined],
    ['', undefined],
    [null, undefined],
  ]
  for (const [input, expected] of rows) t.equal(parseDuration(input), expected, String(input))
})

t.test('sizes and distances', async (t) => {
  t.equal(parseSize('64KiB'), 65_536)
  t.equal(parseSize('1.5MiB'), 1_572_864)
  t.equal(parseSize('1GiB'), 2 ** 30)
  t.equal(parseSize(12), 12)
  for (const wrong of ['64KB', '64k', '64', -1, 1.5, '1e3B', Number.NaN, {}]) t.equal(parseSize(wrong), undefined)
  t.equal(parseDistance('500km'), 500)
  t.equal(parseDistance(0), 0)
  for (const wrong of ['500', 500, '3mi', '-1km', '1e3km']) t.equal(parseDistance(wrong), undefined)
})

t.test('statuses', async (t) => {
  t.strictSame(parseStatusRange(404, 400, 599), [404])
  t.strictSame(parseStatusRange('520-522', 400, 599), [520, 521, 522])
  for (const wrong of [200, '200-299', '527-520', '590-600', 'abc', '5', 1e3, null]) {
    t.equal(parseStatusRange(wrong, 400, 599), undefined, String(wrong))
  }
})

t.test('listen addresses', async (t) => {
  t.strictSame(parseListenAddress('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 })
  t.strictSame(parseListenAddress('[::1]:0'), { host: '::1', port: 0 })
  t.strictSame(parseListenAddress(':65535'), { host: '0.0.0.0', port: 65535 })
  for (const refused of ['localhost:80', 'example.com:80', '1.2.3:80', '[1.2.3.4]:80', '[x]:1', ':65536']) {
    t.match(parseListenAddress(refused), { refused: String }, refused)
  }
  for (const wrong of ['::1:80', '127.0.0.1', ':', '', 8080, '1.2.3.4:80:80', ':-1']) {
    t.equal(parseListenAddress(wrong), undefined, String(wrong))
  }
  t.equal(isLoopback({ host: '127.9.9.9', port: 1 }), true)
  t.equal(isLoopback({ host: '::1', port: 1 }), true)
  t.equal(isLoopback({ host: '0.0.0.0', port: 1 }), false)
  t.equal(isLoopback({ host: '::', port: 1 }), false)
})

t.test('host patterns', async (t) => {
  const rows: [string, string | undefined][] = [
    ['www.Example.COM', 'www.example.com'],
    ['www.example.com.', 'www.example.com'],
    ['*.example.com', '*.example.com'],
    ['*', '*'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.BÜCHER.example', '*.xn--bcher-kva.example'],
    ['[2001:DB8:0::1]', '[2001:db8::1]'],
    ['192.0.2.1', '192.0.2.1'],
    ['my_host', 'my_host'],
    ['www.example.com:8080', undefined],
    ['http://www.example.com', undefined],
    ['www.example.com/', undefined],
    ['a b', undefined],
    ['*example.com', undefined],
    ['www.*.com', undefined],
    ['*.', undefined],
    ['*.*', undefined],
    ['', undefined],
    ['.', undefined],
    ['a..b', undefined],
    ['u@h', undefined],
    ['%65xample.com', undefined],
    ['*.[::1]', undefined],
    ['a'.repeat(300), undefined],
  ]
  for (const [input, expected] of rows) t.equal(parseHostPattern(input), expected, input)
  t.equal(parseHostPattern(7), undefined)
})

t.test('upstream URLs', async (t) => {
  t.strictSame(parseUpstreamUrl('https://CDN.Example.net:443/a/b//'), {
    url: 'https://CDN.Example.net:443/a/b',
    origin: 'https://cdn.example.net',
    basePath: '/a/b',
    host: 'cdn.example.net',
    hostname: 'cdn.example.net',
    secure: true,
  })
  t.match(parseUpstreamUrl('http://[::1]:8080'), {
    origin: 'http://[::1]:8080',
    basePath: '',
    host: '[::1]:8080',
    hostname: '::1',
    secure: false,
  })
  for (const refused of [
    'https://u:p@x',
    'https://u@x',
    'https://@x',
    'https://x?',
    'https://x/#',
    'https://x/a b',
    'https://x\n',
  ]) {
    t.match(parseUpstreamUrl(refused), { refused: String }, refused)
  }
  for (const wrong of [
    'ftp://x',
    'x',
    '//x',
    'https://',
    'https:/x',
    'https://x:99999',
    'https://x:0',
    '',
    7,
    'javascript:0',
  ]) {
    t.equal(parseUpstreamUrl(wrong), undefined, String(wrong))
  }
})

t.test('path templates', async (t) => {
  t.equal(parsePathTemplate('{path}'), '{path}')
  t.equal(parsePathTemplate('/v1{path}'), '/v1{path}')
  t.equal(parsePathTemplate('/v1/{path}'), '/v1{path}')
  t.equal(parsePathTemplate('{path}.gz'), '{path}.gz')
  for (const refused of ['/a', '{path}{path}', 'a{path}', '/a?u={path}', '/{path}#', '/a b{path}', '/ü{path}']) {
    t.match(parsePathTemplate(refused), { refused: String }, refused)
  }
  t.equal(parsePathTemplate(7), undefined)
})

t.test('header fields', async (t) => {
  t.equal(parseHeaderName('X-Frame-Options'), 'x-frame-options')
  for (const refused of ['Host', 'connection', 'Transfer-Encoding', 'content-length', 'Upgrade', 'TE']) {
    t.match(parseHeaderName(refused), { refused: String }, refused)
  }
  for (const wrong of ['', 'a b', 'a:', 'ä', 7]) t.equal(parseHeaderName(wrong), undefined)
  for (const right of ['', 'a', 'a b', 'a\tb', '"ÿ"']) t.equal(parseHeaderValue(right), right)
  for (const wrong of [' a', 'a ', 'a\r\nb', 'a\0', '€', 7, 'a'.repeat(9000)])
    t.equal(parseHeaderValue(wrong), undefined)
})
