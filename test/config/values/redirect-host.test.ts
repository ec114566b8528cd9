import t from 'tap'
import { isRedirectHost, parseRedirectHost } from '../../../src/config/values/redirect-host.ts'

t.test('what a redirect host is', async (t) => {
  for (const [input, expected] of [
    ['Media.Example.com', 'media.example.com'],
    ['media.example.com.', 'media.example.com'],
    ['*.example.com', '*.example.com'],
    ['media.example.com:8443', 'media.example.com:8443'],
    ['*.example.com:08443', '*.example.com:8443'],
    ['[2606:4700::1111]:443', '[2606:4700::1111]:443'],
    ['[2606:4700::1111]', '[2606:4700::1111]'],
    ['0x7f.1', '127.0.0.1'],
    ['*', undefined],
    ['*:443', undefined],
    ['a.example:0', undefined],
    ['a.example:65536', undefined],
    ['https://a.example', undefined],
    ['a.example/x', undefined],
    ['user@a.example', undefined],
    ['', undefined],
    [7, undefined],
  ] as const) {
    t.equal(parseRedirectHost(input), expected, String(input))
  }
})

t.test('which URLs it means', async (t) => {
  for (const [host, url, expected] of [
    ['a.example', 'https://a.example/x', true],
    ['a.example', 'http://A.example/', true],
    ['a.example', 'https://a.example./', false],
    ['a.example', 'https://a.example:443/', true],
    ['a.example', 'https://a.example:8443/', false],
    ['a.example', 'https://b.a.example/', false],
    ['a.example', 'https://a.example.evil/', false],
    ['a.example:8443', 'https://a.example:8443/', true],
    ['a.example:8443', 'https://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['a.example:443', 'http://a.example/', false],
    ['*.a.example', 'https://x.y.a.example/', true],
    ['*.a.example', 'https://a.example/', false],
    ['*.a.example', 'https://xa.example/', false],
    ['*.a.example:8443', 'https://x.a.example:8443/', true],
    ['*.a.example:8443', 'https://x.a.example/', false],
    ['8.8.8.8', 'https://134744072/', true],
  ] as const) {
    t.equal(isRedirectHost([host], new URL(url)), expected, `${host} ${url}`)
  }
  t.equal(isRedirectHost([], new URL('https://a.example/')), false)
})
