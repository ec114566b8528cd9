import t from 'tap'
import { PolycdnError } from '../../src/errors.ts'
import { parseTarget, removeDotSegments, type Target } from '../../src/http/target.ts'

function accepted(raw: string, method = 'GET'): Target {
  const target = parseTarget(raw, method)
  if (target instanceof PolycdnError) throw target
  return target
}

/** Sent → what the upstream is asked for. */
const KEPT: readonly (readonly [raw: string, path: string, query: string])[] = [
  ['/', '/', ''],
  ['/a/b', '/a/b', ''],
  ['/a?b=c?d', '/a', '?b=c?d'],
  ['/?', '/', '?'],
  ['//x', '//x', ''],
  ['//x//y/', '//x//y/', ''],
  ['/%ff', '/%ff', ''],
  ['/a%2Fb', '/a%2Fb', ''],
  ['/a;b=c', '/a;b=c', ''],
  ['/a..b/.c/c./...', '/a..b/.c/c./...', ''],
  ['/"<>^`{|}', '/"<>^`{|}', ''],
  ['/a?\\%00%zz%', '/a', '?\\%00%zz%'],
  ['/a..%2fb/%2f.c/.a;.', '/a..%2fb/%2f.c/.a;.', ''],
  ['/%c0', '/%c0', ''],
  ['/%e0%a4%a0', '/%e0%a4%a0', ''],
  ['/a?../b', '/a', '?../b'],
  ['/a?/./b', '/a', '?/./b'],
  ['/a?b/..', '/a', '?b/..'],
]

t.test('the bytes of a target without dot segments stay as they are', async (t) => {
  for (const [raw, path, query] of KEPT) {
    const target = accepted(raw)
    t.equal(target.path + target.query, raw, raw)
    t.match(target, { path, query, authority: null }, raw)
  }
})

/** RFC 3986 section 5.4, as far as a path can be absolute, section 5.2.4, and encoded dots. */
const DOTS: readonly (readonly [raw: string, path: string])[] = [
  ['/a/b/c/./../../g', '/a/g'],
  ['/b/c/../../../g', '/g'],
  ['/b/c/../../../../g', '/g'],
  ['/./g', '/g'],
  ['/../g', '/g'],
  ['/b/c/g.', '/b/c/g.'],
  ['/b/c/.g', '/b/c/.g'],
  ['/b/c/g..', '/b/c/g..'],
  ['/b/c/..g', '/b/c/..g'],
  ['/b/c/./../g', '/b/g'],
  ['/b/c/./g/.', '/b/c/g/'],
  ['/b/c/g/./h', '/b/c/g/h'],
  ['/b/c/g/../h', '/b/c/h'],
  ['/b/c/g;x=1/./y', '/b/c/g;x=1/y'],
  ['/b/c/g;x=1/../y', '/b/c/y'],
  ['/b/c/..', '/b/'],
  ['/b/c/.', '/b/c/'],
  ['/.', '/'],
  ['/..', '/'],
  ['/../..', '/'],
  ['//..', '/'],
  ['/a//../b', '/a/b'],
  ['/..//evil.test', '//evil.test'],
  ['/%2e%2e/etc', '/etc'],
  ['/a/%2E./b', '/b'],
  ['/a/.%2e/b', '/b'],
  ['/a/%2e/b', '/a/b'],
  ['/a/%2e%2e', '/'],
  ['/a/%2e%2e%2e/b', '/a/%2e%2e%2e/b'],
  ['/a/%252e%252e/b', '/a/%252e%252e/b'],
]

t.test('dot segments are resolved, encoded ones too, and nobody gets above the root', async (t) => {
  for (const [raw, path] of DOTS) {
    t.equal(accepted(raw).path, path, raw)
    t.equal(removeDotSegments(raw), path, raw)
    t.equal(accepted(path).path, path, `${path} is stable`)
    t.equal(accepted(`${raw}?q=/../x`).query, '?q=/../x', 'the query is left alone')
  }
})

t.test('a chain of ten thousand dot segments is no more work than its length', async (t) => {
  t.equal(accepted(`${'/a/..'.repeat(10_000)}/x`).path, '/x')
  t.equal(accepted(`${'/..'.repeat(10_000)}/x`).path, '/x')
})

t.test('routes see unreserved characters decoded, and nothing else', async (t) => {
  t.equal(accepted('/%41%7A%30%2D%2e%5f%7e').matchPath, '/Az0-._~')
  t.equal(accepted('/%41').path, '/%41', 'the upstream is still asked for what was sent')
  t.equal(accepted('/a%2Fb%25%20%C3%A9').matchPath, '/a%2Fb%25%20%C3%A9')
  t.equal(accepted('/%2541').matchPath, '/%2541', 'once')
  t.equal(accepted('/a%2fb%c3').matchPath, '/a%2Fb%C3', 'in one spelling')
})

const ABSOLUTE: readonly (readonly [raw: string, authority: string, path: string, query: string])[] = [
  ['http://a.test/b?c', 'a.test', '/b', '?c'],
  ['HTTPS://A.test:8443/b', 'A.test:8443', '/b', ''],
  ['http://a.test', 'a.test', '/', ''],
  ['http://a.test?c', 'a.test', '/', '?c'],
  ['http://[::1]:80/x', '[::1]:80', '/x', ''],
  ['http://a.test/b/../c', 'a.test', '/c', ''],
  ['http://user@a.test/', 'user@a.test', '/', ''],
  ['http:///x', '', '/x', ''],
]

t.test('absolute form', async (t) => {
  for (const [raw, authority, path, query] of ABSOLUTE) t.match(accepted(raw), { authority, path, query }, raw)
})

const REFUSED = [
  '',
  'a',
  'a/b',
  '?x',
  '*',
  '**',
  'ftp://a.test/',
  'http:/a.test',
  'http:',
  'a.test:443',
  '/a#b',
  '/#',
  'http://a.test/#b',
  'http://a.test#b',
  '/a b',
  '/a\tb',
  '/a\r\nb',
  '/a\x00',
  '/a\x7f',
  '/a?b c',
  '/a?\x01',
  '/\xe9t\xe9',
  '/a?\xe9',
  // What upstreams read in different ways.
  '/100%',
  '/%4',
  '/%zz',
  '/a%00.html',
  '/a%0d%0aX:%20y',
  '/%1f',
  '/%7F',
  '/a\\b',
  '/\\..\\b',
  '/%c0%ae%c0%ae/a',
  '/a%C1%9Cb',
  '/%e0%80%af',
  '/%f0%80%80%af',
  '/a/..%2fb',
  '/a%2f..',
  '/a%5C..%5Cb',
  '/a/%2e%2e%2Fb',
  '/a/..;/b',
  '/a/..;x=y',
  '/a/.;/b',
  '/a/..%3b/b',
]

t.test('what is no target is a bad_target', async (t) => {
  for (const raw of REFUSED) t.match(parseTarget(raw, 'GET'), { code: 'bad_target', status: 400 }, JSON.stringify(raw))
})

t.test('* is for OPTIONS', async (t) => {
  t.match(accepted('*', 'OPTIONS'), { path: '*', matchPath: '*', query: '', authority: null })
  for (const method of ['GET', 'POST', 'options']) t.match(parseTarget('*', method), { code: 'bad_target' }, method)
  t.match(parseTarget('*?x', 'OPTIONS'), { code: 'bad_target' })
})

t.test('OPTIONS of a whole server in absolute form is * for the last proxy (RFC 9112 section 3.2.4)', async (t) => {
  t.match(accepted('http://a.test', 'OPTIONS'), { path: '*', query: '', authority: 'a.test' })
  t.match(accepted('http://a.test/', 'OPTIONS'), { path: '/' })
  t.match(accepted('http://a.test?x', 'OPTIONS'), { path: '/', query: '?x' })
})
