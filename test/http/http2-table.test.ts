import t from 'tap'
import { answer } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { door } from './support/door.ts'
import { CASES } from './support/http2-cases.ts'
import { frameClient, HELLO, headers } from './support/http2-frames.ts'
import { endpoint, listener, policy, site } from './support/services.ts'

const GOOD = headers(1, [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/good'],
  [':authority', 'a'],
])

t.test('every case of RFC 9113 and 7541 ends as it must, and reaches no upstream that it must not', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'fine'))
  const sites = [site({ origin: [endpoint(upstream.url)], policy: policy({ mode: 'origin' }) })]
  const { port, listeners } = await door(t, { sites, over: { listen: [listener({ h2c: true })] } })
  for (const { name, send, raw, expect, upstream: wanted } of CASES) {
    const before = upstream.requests.length
    const client = await frameClient(t, port)
    client.send(...(raw ? [] : [HELLO]), ...send)
    const come = () => expect.find((each) => client.seen.includes(each))
    const what = () => `${name}: ${expect.join(' or ')}, seen: ${client.seen}`
    const came = await until(come, { what, timeout: 2_000 })
    if (/^goaway [1-9]/.test(came)) await until(() => client.seen.includes('ended'), { what: `${name}: the end` })
    if (wanted !== 'any') t.equal(upstream.requests.length - before, wanted, `${name}: requests upstream`)
    client.socket.destroy()
    const other = await frameClient(t, port)
    other.send(HELLO, GOOD)
    await until(() => other.seen.includes('status 200 on 1'), { what: () => `service after ${name}; ${other.seen}` })
    other.socket.destroy()
    const left = () => `${name}: ${listeners.connections} connections and ${listeners.requests} requests are left`
    await until(() => listeners.connections === 0 && listeners.requests === 0, { what: left, timeout: 3_000 })
  }
  for (const { raw } of upstream.requests) t.notMatch(raw.toString('latin1'), /x y|b: c|\0/, 'what is malformed')
})
