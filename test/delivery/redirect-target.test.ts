import t from 'tap'
import { isRedirect, mayFollow, resolveLocation } from '../../src/delivery/redirect-target.ts'

const FROM = 'https://edge.example/a/b?c'

t.test('which statuses redirect', async (t) => {
  const all = Array.from({ length: 500 }, (_, index) => index + 100)
  t.strictSame(all.filter(isRedirect), [301, 302, 303, 307, 308])
})

t.test('what a Location means', async (t) => {
  for (const [location, expected] of [
    ['https://m.example/x?y#z', 'https://m.example/x?y#z'],
    ['//m.example/x', 'https://m.example/x'],
    ['/x', 'https://edge.example/x'],
    ['../x', 'https://edge.example/x'],
    ['?x', 'https://edge.example/a/b?x'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['', null],
    ['ftp://m.example/', null],
    ['javascript:alert(1)', null],
    ['data:,x', null],
    ['https://', null],
    ['https://m.example:70000/', null],
    ['https://m.example\\@evil.example/', null],
    ['https:\\\\m.example/', null],
    ['https://m.example/ x', null],
    ['https://m.example/\tx', null],
    ['https://m.example/\u00e9', null],
    [`https://m.example/${'x'.repeat(8192)}`, null],
  ] as const) {
    t.equal(resolveLocation(location, FROM)?.href ?? null, expected, location.slice(0, 60))
  }
})

t.test('where the gateway goes itself', async (t) => {
  for (const [to, expected] of [
    ['https://m.example/x', true],
    ['https://m.example:8443/x', false],
    ['https://n.example/', false],
    ['http://m.example/', false],
    ['https://user@m.example/', false],
    ['https://:secret@m.example/', false],
    ['https://m.example:0/', false],
  ] as const) {
    t.equal(mayFollow(new URL(to), FROM, ['m.example', 'm.example:0']), expected, to)
  }
  t.equal(mayFollow(new URL('http://m.example/'), 'http://edge.example/', ['m.example']), true, 'http stays http')
  t.equal(mayFollow(new URL('https://m.example/'), 'http://edge.example/', ['m.example']), true, 'better is fine')
})
