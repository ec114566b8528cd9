import t from 'tap'
import { jsonLine } from '../../src/observe/json-line.ts'

t.test('every character survives, and none ends the line or reaches a terminal', async (t) => {
  let text = '\ud800 lone \udfff 🦊 "\\'
  for (let code = 0; code < 0x3000; code++) text += String.fromCharCode(code)
  const line = jsonLine({ [text]: text })
  t.strictSame(JSON.parse(line), { [text]: text })
  t.notMatch(line, /[\p{Zl}\p{Zp}]|\p{Cc}/u)
  t.ok(line.isWellFormed())
  t.match(line, '\\u0085')
  t.match(line, '\\u2028')
  t.match(line, 'é', 'what is harmless stays readable')
})
