import t from 'tap'
import { compileHeaderGlob } from '../../../src/config/values/header-glob.ts'
import { compilePathGlob } from '../../../src/config/values/path-glob.ts'

function pathMatches(glob: string, path: string): boolean {
  const compiled = compilePathGlob(glob)
  if (!(compiled instanceof RegExp)) throw new Error(`${glob}: ${JSON.stringify(compiled)}`)
  return compiled.test(path)
}

t.test('path patterns', async (t) => {
  const rows: [glob: string, yes: string[], no: string[]][] = [
    ['/', ['/'], ['', '/a', '//']],
    ['/a', ['/a'], ['/a/', '/ab', '/b', '/x/a', '/A']],
    [
      '/assets/*',
      ['/assets/', '/assets/a', '/assets/a/b', '/assets//', '/assets/%2e'],
      ['/assets', '/assetsx', '/x/assets/a'],
    ],
    ['/assets/**', ['/assets/', '/assets/a/b'], ['/assets']],
    ['/*', ['/', '/a', '/a/b'], ['']],
    ['/**', ['/', '/a/b'], ['']],
    ['/img*', ['/img', '/img1', '/img*'], ['/img/', '/img/a', '/im']],
    ['/a/*/c', ['/a/b/c', '/a//c'], ['/a/c', '/a/b/b/c', '/a/b/c/']],
    ['/*.js', ['/.js', '/a.js', '/a.js.js'], ['/a.jsx', '/a/b.js', '/ajs']],
    ['/**/*.js', ['/a.js', '/x/a.js', '/x/y/a.js'], ['/a.js/b', '/a.css']],
    ['/a/**/b', ['/a/b', '/a/x/b', '/a/x/y/b', '/a/b/b', '/a//b'], ['/a/xb', '/ab', '/a/b/c']],
    ['/a/**/b/*', ['/a/b/', '/a/b/c', '/a/x/b/y/z'], ['/a/b', '/a/x']],
    ['/a/**/b*c/d', ['/a/bc/d', '/a/bc/bxc/d', '/a/bc/x/bcc/d'], ['/a/bc/x', '/a/b/c/d']],
    ['/a*b*c', ['/abc', '/axbxc', '/abbcc', '/axbxcxc'], ['/ac', '/ab', '/ab/c', '/acb']],
    ['/a*b*b', ['/abb', '/axbxbxb'], ['/ab', '/axb']],
    ['/a.b+(c)|[d]$^', ['/a.b+(c)|[d]$^'], ['/axb+(c)|[d]$^', '/a.bb']],
    ['/a-b\\d', ['/a-b\\d'], ['/a-b1']],
  ]
  for (const [glob, yes, no] of rows) {
    for (const path of yes) t.equal(pathMatches(glob, path), true, `${glob} fits ${path}`)
    for (const path of no) t.equal(pathMatches(glob, path), false, `${glob} does not fit ${path}`)
  }
})

t.test('what is no path pattern', async (t) => {
  for (const wrong of ['', 'a', '*', 7, null, `/${'a'.repeat(600)}`]) t.equal(compilePathGlob(wrong), undefined)
  for (const refused of ['/a?b', '/a#b', '/a b', '/a**', '/a**b/c', '/**/a/**/b', '/***']) {
    t.match(compilePathGlob(refused), { refused: String }, refused)
  }
})

/** Compares with a matcher of another kind: one that tries every way, on strings that are short enough for that. */
t.test('path patterns agree with a matcher that tries everything', async (t) => {
  const slow = (glob: string, text: string): boolean => {
    if (glob === '') return text === ''
    if (glob === '/**' || glob === '/*') return text.startsWith('/')
    if (glob.startsWith('/**/')) {
      if (slow(glob.slice(3), text)) return true
      const next = text.indexOf('/', 1)
      return text.startsWith('/') && next !== -1 && slow(glob, text.slice(next))
    }
    if (glob[0] === '*')
      return slow(glob.slice(1), text) || (text !== '' && text[0] !== '/' && slow(glob, text.slice(1)))
    return text[0] === glob[0] && slow(glob.slice(1), text.slice(1))
  }
  let seed = 7
  const pick = <T>(from: readonly T[]): T => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return from[Math.floor((seed / 2147483648) * from.length)]!
  }
  let fits = 0
  for (let round = 0; round < 20_000; round++) {
    const glob = `/${Array.from({ length: 1 + (round % 6) }, () => pick(['a', 'b', '*', '/', 'ab', '/**/'])).join('')}`
    const compiled = compilePathGlob(glob)
    if (!(compiled instanceof RegExp) || /\*\*\*|\/\*\*$/.test(glob)) continue
    const path = `/${Array.from({ length: round % 7 }, () => pick(['a', 'b', '/', 'ab'])).join('')}`
    const expected = slow(glob, path)
    if (expected) fits++
    if (compiled.test(path) !== expected) t.fail(`${glob} on ${path} should be ${expected}`)
  }
  t.ok(fits > 500, `${fits} of the pairs fit`)
})

t.test('header patterns', async (t) => {
  const rows: [glob: string, yes: string[], no: string[]][] = [
    ['image/*', ['image/png', 'text/html, image/webp;q=0.8', 'IMAGE/PNG', ' image/* '], ['text/html', 'ximage/png']],
    ['text/html', ['text/html', 'text/html;q=0.9', 'a/b , text/html ; q=1, c/d'], ['text/html-x', 'text', 'text/htm']],
    ['*', ['', 'anything', 'a, b'], []],
    ['', ['', 'a,,b'], ['a']],
    ['*Firefox*', ['Mozilla/5.0 (X11; Linux) Gecko/2 Firefox/99'], ['Mozilla/5.0 (KHTML, like Gecko) Chrome/1']],
    ['*(*)*chrome*', ['Mozilla (X) Chrome'], ['Mozilla (X Chrome']],
    ['a.c', ['a.c'], ['abc']],
    ['1', ['1', 'a, 1'], ['', '11', '\x01']],
  ]
  for (const [glob, yes, no] of rows) {
    const compiled = compileHeaderGlob(glob)!
    for (const value of yes) t.equal(compiled.test(value), true, `${glob} fits ${value}`)
    for (const value of no) t.equal(compiled.test(value), false, `${glob} does not fit ${value}`)
  }
  for (const wrong of ['a,b', 'a\nb', 7, 'a'.repeat(300)]) t.equal(compileHeaderGlob(wrong), undefined)
})

/** Backtracking of the usual translation takes minutes and more on these; the file would time out. */
t.test('no input makes a pattern slow', async (t) => {
  const stars = `/${'*a'.repeat(40)}b`
  const nested = `/**/${'*a'.repeat(20)}/b/*/*c`
  for (const unit of ['a', '/a', 'aa/', '/', 'a/b/c', '//aab']) {
    const path = `/${unit.repeat(65_536 / unit.length)}!`
    for (const glob of [stars, nested, '/**/a*a*a*b', '/a/**/b/*', '/*/*/*/*/*/x', '/**/*/*/*/x'])
      pathMatches(glob, path)
  }
  for (const unit of ['a', ' ', ' a', ';', ',', 'a;', ' ,', '; ,a', '\t']) {
    const value = `${unit.repeat(65_536 / unit.length)}!`
    for (const glob of ['*a*a*a*a*b', '*', '*x', 'a*', '* *;*x', `${'*a'.repeat(60)}b`])
      compileHeaderGlob(glob)!.test(value)
  }
  t.pass('the end was reached')
})
