import t from 'tap'
import { askApi } from '../../src/purging/ask-api.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'

const SECRET = { authorization: 'Bearer canary-secret' }
const stop = new AbortController().signal

t.test('answers of all kinds end in time, and nothing that was sent is in what is said of them', async (t) => {
  const api = await scriptedUpstream(t, [])
  const ask = (timeout = 10_000) => {
    const call = {
      method: 'POST',
      url: `${api.url}/purge`,
      headers: { 'content-type': 'text/x' },
      body: 'abc',
    } as const
    return askApi(call, SECRET, { stop, timeout })
  }
  api.play(['HTTP/1.1 202 Accepted\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nok'])
  const answer = await ask()
  if ('unanswered' in answer) return t.fail(answer.unanswered)
  t.equal(answer.status, 202)
  t.equal(answer.body, 'ok')
  t.equal(answer.header('location'), '/x')
  t.match(
    String(api.requests[0]!.raw),
    /^POST \/purge HTTP\/1\.1\r\n.*authorization: Bearer canary-secret\r\n.*\r\n\r\nabc$/s,
  )
  api.play(['HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'])
  t.match(await ask(), { status: 302 }, 'a redirect is not followed')
  api.play([`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`, 'stall!'])
  const long = await ask()
  t.equal('body' in long && long.body.length, 65_536, 'the beginning of a body without an end')
  for (const [script, reason] of [
    [['stall!'], 'no answer in 0.05 s'],
    [['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'stall!'], 'no answer in 0.05 s'],
  ] as const) {
    api.play(script)
    t.same(await ask(50), { unanswered: reason })
  }
  for (const script of [
    ['not HTTP at all\r\n\r\n', 'end!'],
    ['reset!'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'end!'],
  ]) {
    api.play(script as never)
    const got = await ask()
    t.match(got, { unanswered: /^it cannot be asked/ })
    t.notMatch(JSON.stringify(got), /canary|127\.0\.0\.1/)
  }
  await api.refuse()
  t.same(await ask(), { unanswered: 'it cannot be asked (ECONNREFUSED)' })
})

t.test('it can be given up', async (t) => {
  const api = await scriptedUpstream(t, ['stall!'])
  const given = new AbortController()
  const call = { method: 'GET', url: api.url, headers: {}, body: null } as const
  const asked = askApi(call, {}, { stop: given.signal })
  await api.received(1)
  given.abort()
  t.same(await asked, { unanswered: 'it was given up' })
})
