// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import t from 'tap'
import { interpolate } from '../../src/config/interpolate.ts'

const ENV = { A: 'one', EMPTY: '', NESTED: '${A}' }

t.test('what is replaced', async (t) => {
  const rows: [source: string, text: string, fromEnvironment: boolean][] = [
    ['plain $A {A} $', 'plain $A {A} $', false],
    ['${A}', 'one', true],
    ['x${A}y${A}', 'xoneyone', true],
    ['${A:-two}', 'one', true],
    ['${NONE:-two}', 'two', false],
    ['${EMPTY:-two}', 'two', false],
    ['${EMPTY}', '', true],
    ['${NONE:-}', '', false],
    ['${A:?why}', 'one', true],
    ['$${A}', '${A}', false],
    ['$$${A}', '$${A}', false],
    ['${NESTED}', '${A}', true],
    ['${NONE:-http://x:1/?a=b}', 'http://x:1/?a=b', false],
  ]
  for (const [source, text, fromEnvironment] of rows) {
    t.strictSame(interpolate(source, ENV), { text, fromEnvironment, problems: [] }, source)
  }
})

t.test('what is a problem', async (t) => {
  const rows: [string, string[]][] = [
    ['${NONE}', ['environment variable NONE is not set']],
    ['${NONE} ${OTHER}', ['environment variable NONE is not set', 'environment variable OTHER is not set']],
    ['${NONE:?ask ops}', ['environment variable NONE is needed: ask ops']],
    ['${EMPTY:?}', ['environment variable EMPTY is needed: it is not set']],
    ['${toString}', ['environment variable toString is not set']],
  ]
  for (const [source, problems] of rows) t.strictSame(interpolate(source, ENV).problems, problems, source)
  for (const source of ['${', '${}', '${1A}', '${A', '${A-b}', '${A:b}', '${ A }']) {
    t.match(interpolate(source, ENV).problems, [/begins no variable/], source)
  }
})
