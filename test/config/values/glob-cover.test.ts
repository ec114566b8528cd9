import t from 'tap'
import {
  headerGlobCovers,
  pathGlobCovers,
  readHeaderGlob,
  readPathGlob,
} from '../../../src/config/values/glob-cover.ts'
import { compileHeaderGlob } from '../../../src/config/values/header-glob.ts'
import { compilePathGlob } from '../../../src/config/values/path-glob.ts'
import { seededRandom } from '../../helpers/random.ts'

const pathCovers = (outer: string, inner: string) => pathGlobCovers(readPathGlob(outer), readPathGlob(inner))
const headerCovers = (outer: string, inner: string) => headerGlobCovers(readHeaderGlob(outer), readHeaderGlob(inner))

t.test('path patterns that take all of another, and some that do not', (t) => {
  const rows: readonly (readonly [outer: string, inner: string, covers: boolean])[] = [
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/**/b', true],
    ['/a/*', '/a/*', true],
    ['/a/*', '/a', false],
    ['/a/*', '/*', false],
    ['/**/*.js', '/a/b/*.min.js', true],
    ['/**/*.js', '/*.js', true],
    ['/*.js', '/**/*.js', false],
    ['/users/*/photo', '/users/7/photo', true],
    ['/users/*/photo', '/users/**/photo', false],
    ['/a*b*c', '/a*bxc', true],
    ['/a*bc', '/ab*c', false],
    ['/%61', '/a', true],
    ['/A', '/a', false],
    ['nothing', '/a', false],
  ]
  for (const [outer, inner, covers] of rows) t.equal(pathCovers(outer, inner), covers, `${outer} ⊇ ${inner}`)
  t.end()
})

t.test('a yes is always right', (t) => {
  const random = seededRandom(1)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const text = (parts: readonly string[]) =>
    Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(parts)).join('')
  let covered = 0
  for (let round = 0; round < 20_000; round++) {
    const [outer, inner] = [`/${text(['a', 'b', '*', '/', '/**/'])}`, `/${text(['a', 'b', '*', '/', '/**/'])}`]
    const [wide, narrow] = [compilePathGlob(outer), compilePathGlob(inner)]
    if (!(wide instanceof RegExp && narrow instanceof RegExp) || !pathCovers(outer, inner)) continue
    covered++
    for (let at = 0; at < 20; at++) {
      const path = `/${text(['a', 'b', 'ab', '/'])}`
      if (narrow.test(path) && !wide.test(path)) t.fail(`${path} fits ${inner} and not ${outer}`)
    }
  }
  for (let round = 0; round < 20_000; round++) {
    const [outer, inner] = [text(['a', 'B', '*', '/', ';']), text(['A', 'b', '*', '/', ';'])]
    if (!headerCovers(outer, inner)) continue
    covered++
    const [wide, narrow] = [compileHeaderGlob(outer)!, compileHeaderGlob(inner)!]
    for (let at = 0; at < 20; at++) {
      const value = text(['a', 'b', '/', ';', ' ', ', '])
      if (narrow.test(value) && !wide.test(value)) t.fail(`${JSON.stringify(value)} fits ${inner} and not ${outer}`)
    }
  }
  t.ok(covered > 1000, `${covered} pairs`)
  t.end()
})

t.test('of what is no header pattern nothing is said', (t) => {
  t.equal(headerCovers('a*b', 'axb'), true)
  t.equal(headerCovers('a*b', 'a,b'), false)
  t.equal(headerCovers('a,*', 'a,b'), false)
  t.end()
})
