import t from 'tap'
import { jsonLine, jsonText } from '../../src/observe/json-line.ts'

t.test('every character survives, and none ends the line or reaches a terminal', async (t) => {
  let text = '\ud800 lone \udfff 🦊 "\\'
  for (let code = 0; code < 0x3000; code++) text += String.fromCharCode(code)
  const line = jsonLine({ [text]: text })
  t.strictSame(JSON.parse(line), { [text]: text })
  t.equal(jsonLine({ text }), `{"text":${jsonText(text)}}`)
  t.notMatch(line, /[\p{Zl}\p{Zp}]|\p{Cc}/u)
  t.ok(line.isWellFormed())
  t.match(line, '\\u0085')
  t.match(line, '\\u2028')
  t.match(line, 'é', 'what is harmless stays readable')
})

t.test('a string by itself is what it is in a line', async (t) => {
  for (let code = 0; code < 0x800; code++) {
    const text = String.fromCharCode(code)
    t.equal(jsonText(text), jsonLine([text]).slice(1, -1), JSON.stringify(text))
  }
})
