import t from 'tap'
import { answer } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { doorTo } from './support/door.ts'
import { listener, networkSet, site } from './support/services.ts'

const LISTEN = [listener({ httpsRedirect: 8443 })]

/** The request line's rest, the fields, and where it is sent to; null where it is answered as any other. */
const CASES: readonly (readonly [request: string, location: string | null])[] = [
  ['GET /a?b=c HTTP/1.1\r\nHost: www.test', 'https://www.test/a?b=c'],
  ['GET /a HTTP/1.1\r\nHost: www.test:8080', 'https://www.test:8443/a'],
  ['HEAD /a/../b HTTP/1.1\r\nHost: WWW.test.', 'https://www.test/b'],
  ['GET http://www.test/abs HTTP/1.1\r\nHost: www.test', 'https://www.test/abs'],
  ['GET //evil.test/ HTTP/1.1\r\nHost: www.test', 'https://www.test//evil.test/'],
  ['GET / HTTP/1.1\r\nHost: [2001:db8::1]:80', 'https://[2001:db8::1]:8443/'],
  ['POST /form HTTP/1.1\r\nHost: www.test\r\nContent-Length: 0', 'https://www.test/form'],
  ['OPTIONS * HTTP/1.1\r\nHost: www.test', 'https://www.test/'],
  ['GET /ws HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: websocket', 'https://www.test/ws'],
  ['GET / HTTP/1.1\r\nHost: www.test\r\nX-Forwarded-Proto: https', null],
]

t.test('requests in the clear are sent to the same URL with https', async (t) => {
  const over = { listen: LISTEN, trustedProxies: networkSet(['127.0.0.0/8']) }
  const door = await doorTo(t, answer(), { over })
  for (const [request, location] of CASES) {
    const client = await rawClient(t, door)
    const [got] = await client.send(`${request}\r\n\r\n`).responses(1, [request.split(' ')[0]!])
    const field = got?.fields.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? null
    t.equal(field, location, request)
    t.equal(got?.status, location === null ? 200 : 308, request)
  }
  t.equal(door.upstream.requests.length, 1)
})

t.test('but not for hosts of nobody, whose names are not repeated', async (t) => {
  const door = await doorTo(t, answer(), { over: { listen: LISTEN } })
  const { sites } = door.services.current().snapshot
  const strict = await doorTo(t, answer(), {
    over: { listen: LISTEN },
    sites: [{ ...site({}), ...sites[0]!, hosts: ['www.test'] }],
  })
  const client = await rawClient(t, strict)
  const [got] = await client.send('GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n').responses(1)
  t.equal(got?.status, 404)
  t.notMatch(client.text, /evil/)
})
