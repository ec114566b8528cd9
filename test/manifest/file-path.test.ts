import t from 'tap'
import { pathOfTarget, refusePath, targetOfPath } from '../../src/manifest/file-path.ts'

t.test('a target and its path', async (t) => {
  const cases: [target: string, path: string | null][] = [
    ['/', '/'],
    ['/a.js?v=1%2f', '/a.js'],
    ['/a%20b', '/a b'],
    ['/%C3%BC', '/ü'],
    ['/%61', '/a'],
    ['/100%25', '/100%'],
    ['/a+b', '/a+b'],
    ['/a%2Fb', null],
    ['/%FF', null],
    ['/%', null],
    ['/%2e%2e/x', null],
    ['//a', null],
    ['/a%00', null],
    ['*', null],
    ['', null],
  ]
  for (const [target, path] of cases) t.equal(pathOfTarget(target), path, target)
})

t.test('odd names survive being asked for', async (t) => {
  for (const path of [
    '/',
    '/docs/',
    '/a b/ü/日本.js',
    "/!'()*~;=@&+$,:",
    '/%41',
    '/a?b#c',
    '/a\\b',
    '/...',
    '/.well-known/x',
  ]) {
    t.equal(refusePath(path), null, path)
    t.equal(pathOfTarget(targetOfPath(path)), path)
    t.match(targetOfPath(path), /^[\x21-\x7e]+$/)
  }
})
