import t from 'tap'
import { members, trimBlanks } from '../../../src/cache/rules/list.ts'
import { normalise } from '../../../src/cache/rules/normalise.ts'
import { requestDirectives } from '../../../src/cache/rules/request-directives.ts'
import { parseDictionary } from '../../../src/cache/rules/structured-dictionary.ts'
import { negotiate } from '../../../src/compression/negotiate.ts'
import { isSound } from '../../../src/delivery/response-head.ts'

/** So many that whoever looks at them again from each of them is not done before the test is over. */
const MANY = ' '.repeat(600_000)

t.test('blanks around a member are no part of it, and others are', async (t) => {
  t.equal(trimBlanks(' \t a b\t '), 'a b')
  t.equal(trimBlanks('\u00a0a'), '\u00a0a')
  t.same([trimBlanks(''), trimBlanks(' '), trimBlanks('a')], ['', '', 'a'])
  t.same(members(` a,, "b , c" ,\td`), ['a', '"b , c"', 'd'])
})

t.test('many blanks cost as much as many other characters', async (t) => {
  t.same(members(`a${MANY}b , c`), [`a${MANY}b`, 'c'])
  t.equal(requestDirectives(['cache-control', `x${MANY}y, max-age=1`]).maxAge, 1000)
  t.equal(normalise('accept-language', `de${MANY}x, en;q=0.5`), `de${MANY}x,en;q=0.5`)
  t.equal(normalise('accept-encoding', `br${MANY}x`), 'identity')
  t.equal(negotiate(`br${MANY}x, gzip`, ['br', 'gzip']), 'gzip')
  t.equal(parseDictionary(`a${MANY}b`), null)
  t.equal(isSound({ status: 200, rawHeaders: ['content-length', `1${MANY}2`] }), false)
})
