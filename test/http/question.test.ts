import t from 'tap'
import { PolycdnError } from '../../src/errors.ts'
import { parseQuestion } from '../../src/http/question.ts'

const ASKED = { ip: '192.0.2.7', host: 'WWW.Example.com:8080', path: '/a/../%62?x', method: 'GET', headers: [] }

t.test('is normalised as a request is', async (t) => {
  const question = parseQuestion({ ...ASKED, headers: ['Accept: image/png', 'x-a:b:c'] })
  if (question instanceof PolycdnError) throw question
  t.match(question, { client: { text: '192.0.2.7' }, host: 'www.example.com', path: '/b', method: 'GET' })
  t.equal(question.header('accept'), 'image/png')
  t.equal(question.header('x-a'), 'b:c')
  t.equal(question.header('cookie'), null)
})

t.test('what is wrong is said', async (t) => {
  const wrong: Record<string, object> = {
    '"localhost" is not an IP address': { ip: 'localhost' },
    'the Host is malformed': { host: 'a b' },
    'the request target is malformed': { path: 'x' },
    '"accept" is no header field: name: value': { headers: ['accept'] },
  }
  for (const [message, change] of Object.entries(wrong)) t.match(parseQuestion({ ...ASKED, ...change }), { message })
})
