import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { get } from '../helpers/http.ts'
import { answer, interimFlood } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { type Script, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { cachingPolicy } from './support/caching.ts'
import { door, doorTo } from './support/door.ts'
import { http2Client } from './support/http2-client.ts'
import { cdn, endpoint, listener, policy, site } from './support/services.ts'

const LINK = 'link: </a.css>; rel=preload; as=style'
const FRESH = { 'cache-control': 'max-age=600' }
const hints = (fields = LINK) => `HTTP/1.1 103 Early Hints\r\n${fields}\r\n\r\n`

/** Asks once and gives all bytes that came. */
async function ask(port: number, head = 'GET /a HTTP/1.1\r\nhost: site.test\r\n\r\n', method = 'GET') {
  const client = await rawClient(t, { port })
  client.send(head)
  const [response] = await client.responses(1, [method])
  client.close()
  return { bytes: client.text, response: response! }
}

t.test(
  'RFC 9110 section 15.2: interim answers are passed on, and none of them is stored (9111 section 3)',
  async (t) => {
    const script: Script = () => [
      'HTTP/1.1 102 Processing\r\n\r\n',
      hints(`${LINK}\r\nx-hint: 1`),
      ...answer(200, 'a', FRESH),
    ]
    const { port, upstream } = await doorTo(t, script, {}, cachingPolicy())
    const first = await ask(port)
    t.same(first.response.interim, [102, 103])
    t.match(
      first.bytes,
      /103 Early Hints\r\nlink: <\/a\.css>; rel=preload; as=style\r\nx-hint: 1\r\nvia: 1\.1 polycdn\r\n\r\n/,
    )
    t.notMatch(first.response.fields, [['x-hint']])
    const second = await ask(port)
    t.same(second.response.interim, [])
    t.notMatch(second.bytes, /x-hint/)
    t.equal(upstream.requests.length, 1)
  },
)

t.test('without a cache, and for other methods, they are passed on too', async (t) => {
  const upstream = await scriptedUpstream(t, () => [hints(), ...answer(200, 'a')])
  const edge = endpoint(upstream.url, { cdn: cdn('edge') })
  const sites = [site({ endpoints: [edge], unsafeEndpoints: [edge], policy: policy({ fallback: 'none' }) })]
  const { port } = await door(t, { sites })
  t.same((await ask(port)).response.interim, [103])
  const post = 'POST /a HTTP/1.1\r\nhost: site.test\r\ncontent-length: 1\r\n\r\nx'
  t.same((await ask(port, post, 'POST')).response.interim, [103])
})

t.test('HTTP/1.0 knows none (RFC 9110 section 15.2)', async (t) => {
  const { port } = await doorTo(t, () => [hints(), ...answer(200, 'a')])
  const { response } = await ask(port, 'GET /a HTTP/1.0\r\nhost: site.test\r\n\r\n')
  t.match(response, { status: 200, interim: [] })
})

t.test('over HTTP/2 they have fields in lower case', async (t) => {
  const { url } = await doorTo(
    t,
    () => [hints('Link: </a.css>; rel=preload\r\nLink: </b.css>; rel=preload'), ...answer(200, 'a')],
    {
      over: { listen: [listener({ h2c: true })] },
    },
  )
  const stream = (await http2Client(t, url)).request({ ':path': '/a', ':authority': 'site.test' })
  const seen: unknown[] = []
  stream.on('headers', (headers) => seen.push(headers))
  await once(stream, 'response')
  await text(stream)
  t.match(seen, [{ ':status': 103, link: '</a.css>; rel=preload, </b.css>; rel=preload' }])
})

t.test('they say nothing that a final answer may not say', async (t) => {
  const fields = [LINK, 'connection: x-hop', 'x-hop: 1', 'polycdn-decision: a', 'alt-svc: h3=":443"', 'server: secret']
  const response = { set: [['x-frame-options', 'deny']], remove: ['server'] } as const
  const { port } = await doorTo(
    t,
    () => [hints([...fields, 'x-frame-options: allow'].join('\r\n')), ...answer(200, 'a')],
    {},
    policy({ fallback: 'none', headers: { request: { set: [], remove: [] }, response } }),
  )
  const { bytes } = await ask(port)
  const [interim] = bytes.split('\r\n\r\n')
  t.equal(interim, `HTTP/1.1 103 Early Hints\r\n${LINK}\r\nvia: 1.1 polycdn`)
})

t.test('the next CDN answers after the hints of one that fails; too many are a failure', async (t) => {
  const [first, second] = await Promise.all([
    scriptedUpstream(t, () => [hints(), ...answer(503, 'no')]),
    scriptedUpstream(t, answer(200, 'yes')),
  ])
  const endpoints = [first, second].map(({ url }, at) => endpoint(url, { cdn: cdn(`edge-${at}`) }))
  const { port } = await door(t, { sites: [site({ endpoints, policy: policy({ fallback: 'none' }) })] })
  const { response } = await ask(port)
  t.match(response, { status: 200, interim: [103] })
  t.equal(response.body.toString(), 'yes')
  first.play(interimFlood(20))
  const flooded = await ask(port)
  t.equal(flooded.response.body.toString(), 'yes')
  t.equal(flooded.response.interim.length, 8)
})

t.test('who waits for the answer to another gets the answer alone', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const script: Script = () => [hints(), promise, ...answer(200, 'a', FRESH)]
  const { port, url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  const first = ask(port)
  await upstream.received(1)
  const second = ask(port)
  const third = get(`${url}/b`)
  await upstream.received(2)
  t.equal(services.cache.waiting, 1)
  resolve()
  t.same((await first).response.interim, [103])
  t.same((await second).response.interim, [])
  t.match(await third, { status: 200 })
})
