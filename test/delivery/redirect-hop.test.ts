import t, { type Test } from 'tap'
import type { Endpoint } from '../../src/config/snapshot.ts'
import { HopPools } from '../../src/delivery/hop-pools.ts'
import type { Delivered } from '../../src/delivery/job.ts'
import { CA, certificate } from '../helpers/certificates.ts'
import { get } from '../helpers/http.ts'
import { answer, cut, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { type Script, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { makeCdn } from '../steering/support/build.ts'
import { attempts, type FrontSpec, front } from './support/front.ts'
import { surroundingsOf } from './support/names.ts'
import { dialling } from './support/parts.ts'
import { rawTls, tlsUpstream } from './support/tls.ts'

const SURROUNDINGS = surroundingsOf(
  new Map([
    ['edge.test', ['127.0.0.1']],
    ['media.test', ['127.0.0.1']],
    ['inside.test', ['127.0.0.2']],
  ]),
)

const to = (location: string, status = 302) => answer(status, 'moved', { location })

function redirecting(url: string, redirectHosts: readonly string[], over: Partial<Endpoint> = {}): Endpoint {
  return dialling('a', url, { cdn: makeCdn('a', { redirectHosts }), ...over })
}

/** An edge that redirects, and a host that it redirects to: its authority is `media.test:PORT`. */
async function pair(t: Test, script: (media: string) => Script | readonly Step[], media: Script | readonly Step[]) {
  const target = await scriptedUpstream(t, media)
  const authority = `media.test:${target.port}`
  const edge = await scriptedUpstream(t, script(authority))
  return { target, edge, authority, endpoint: redirecting(edge.url, [authority]) }
}

const frontOf = (t: Test, candidates: readonly Endpoint[], spec: FrontSpec = {}) =>
  front(t, { candidates, surroundings: SURROUNDINGS, ...spec })

const hopsOf = ({ records }: Delivered) => records.map(({ hops }) => hops)

t.test('a redirect to a listed host is followed, without what that host may not know', async (t) => {
  const statuses = [301, 302, 303, 307, 308]
  const { edge, target, authority, endpoint } = await pair(
    t,
    (media) => (_request, index) => to(`http://${media}/deep/x?y=%2f#z`, statuses[index % 5]),
    answer(200, 'from media'),
  )
  const secrets = ['cookie', 's=1', 'Authorization', 'Basic x', 'x-forwarded-for', '192.0.2.1', 'x-api-key', 'k']
  const more = ['forwarded', 'for=192.0.2.1', 'referer', 'https://www.test/secret', 'cdn-token', 't']
  const kept = ['accept-encoding', 'br', 'if-none-match', '"1"', 'cdn-loop', 'polycdn-1', 'via', '1.1 polycdn']
  const gateway = await frontOf(t, [endpoint], { fields: [...secrets, ...more, ...kept] })
  for (const status of statuses) {
    const got = await get(`${gateway.url}/x`, { headers: { host: 'edge.test', range: 'bytes=0-' } })
    t.match(got, { status: 200, body: 'from media', headers: { 'x-served-by': 'a' } }, String(status))
    t.equal(target.requests.at(-1)!.target, '/deep/x?y=%2f')
  }
  const { fields } = target.requests[0]!
  t.strictSame(
    fields.map(([name, value]) => `${name.toLowerCase()}: ${value}`).filter((line) => !/^connection:/.test(line)),
    [
      `host: ${authority}`,
      'range: bytes=0-',
      'accept-encoding: br',
      'if-none-match: "1"',
      'cdn-loop: polycdn-1',
      'via: 1.1 polycdn',
    ],
  )
  t.equal(edge.connections, 1, 'its connection lives on')
  t.equal(target.connections, 1)
  t.strictSame(hopsOf(await gateway.delivered(5)), [1])
  edge.play([head(302, { location: `http://${authority}/` })])
  target.play([head(200, { 'content-length': '10' })])
  t.match(await get(`${gateway.url}/x`, { method: 'HEAD' }), { status: 200, headers: { 'content-length': '10' } })
  t.equal(target.requests.at(-1)!.method, 'HEAD')
})

t.test('twice at most: what is not followed is passed on, and a Location behind a hop is made absolute', async (t) => {
  const { target, edge, authority, endpoint } = await pair(
    t,
    (media) => to(`//${media}/1`),
    (request) => (request.target === '/1' ? to('2') : request.target === '/2' ? to('/3?x') : answer(200, 'too far')),
  )
  const gateway = await frontOf(t, [endpoint])
  const got = await get(`${gateway.url}/`)
  t.match(got, { status: 302, body: 'moved', headers: { location: `http://${authority}/3?x` } })
  t.strictSame(hopsOf(await gateway.delivered()), [2])
  target.play((request) => (request.target === '/1' ? to('/2') : answer(200, 'two hops')))
  t.match(await get(`${gateway.url}/`), { status: 200, body: 'two hops' })
  target.play(to('/1'))
  t.match(await get(`${gateway.url}/`), { status: 302, headers: { location: `http://${authority}/1` } }, 'a loop ends')
  target.play(answer(302, 'moved', { location: '/a b' }))
  const unclear = await get(`${gateway.url}/`)
  t.match(unclear, { status: 302, body: 'moved' })
  t.equal(unclear.headers.location, undefined, 'nobody knows where that is')
  t.equal(target.requests.length, 7)
  t.equal(edge.requests.length, 4)
})

t.test('other redirects are passed on as they are', async (t) => {
  const { target, edge, authority, endpoint } = await pair(t, () => answer(), answer(200, 'not to be had'))
  const gateway = await frontOf(t, [endpoint])
  for (const location of [
    'http://other.test/x',
    `http://media.test:${target.port + 1}/x`,
    `http://user:secret@${authority}/`,
    `http://x.${authority}/`,
    '/relative',
    `ftp://${authority}/`,
    `http://${authority}/ x`,
  ]) {
    edge.play(to(location))
    t.match(await get(`${gateway.url}/`), { status: 302, body: 'moved', headers: { location } }, location)
  }
  edge.play([
    `${head(302)}location: http://${authority}/\r\nlocation: http://${authority}/\r\n\r\n`.replace(
      '\r\n\r\n',
      '\r\ncontent-length: 0\r\n',
    ),
  ])
  t.match(await get(`${gateway.url}/`), { status: 302 }, 'two Locations')
  for (const status of [300, 304, 305, 201, 200]) {
    edge.play(answer(status, '', { location: `http://${authority}/` }))
    t.match(await get(`${gateway.url}/`), { status }, String(status))
  }
  t.equal(target.connections, 0)
})

t.test('no redirect leads inside, whatever its host is called, and another CDN serves', async (t) => {
  const target = await scriptedUpstream(t, answer(200, 'secret'))
  const edge = await scriptedUpstream(t, answer())
  const spare = await scriptedUpstream(t, answer(200, 'from b'))
  const hosts = ['127.0.0.1', '[::1]', '0.0.0.0', '169.254.169.254', 'localhost', '[::ffff:7f00:1]', '[fd00:ec2::254]']
  const all = [...hosts, '10.0.0.1', '0.0.0.1'].map((host) => `${host}:${target.port}`)
  // Its Cdn may stand inside: where it redirects to may not.
  const endpoint = redirecting(edge.url, [...all, '*.test'], { allowPrivate: true })
  for (const spelling of [...hosts, '2130706433', '0x7f.1', '017700000001', '127.1', '[::ffff:127.0.0.1]']) {
    edge.play(to(`http://${spelling}:${target.port}/latest/meta-data`))
    const gateway = await front(t, { candidates: [endpoint, dialling('b', spare.url)] })
    t.match(await get(`${gateway.url}/`), { status: 200, body: 'from b' }, spelling)
    const delivered = await gateway.delivered()
    t.strictSame(attempts(delivered), ['a failed destination_ip_prohibited', 'b served 200'], spelling)
    t.strictSame(hopsOf(delivered), [1, 0])
    t.equal(gateway.health(endpoint), 'ejected', 'it is charged')
  }
  edge.play(to('http://inside.test/'))
  const gateway = await frontOf(t, [endpoint])
  t.match(await get(`${gateway.url}/`), { status: 502, body: 'destination_ip_prohibited' }, 'by name')
  t.equal(target.connections, 0)
})

t.test('a hop is part of the attempt: its time, its failure and its blame', async (t) => {
  const { target, endpoint, edge } = await pair(t, (media) => to(`http://${media}/`), ['stall!'])
  const spare = await scriptedUpstream(t, answer(200, 'from b'))
  const b = dialling('b', spare.url)
  const gateway = await frontOf(t, [endpoint, b], { retry: { perTryTimeout: 200 } })
  t.match(await get(`${gateway.url}/`), { status: 200, body: 'from b' })
  t.strictSame(attempts(await gateway.delivered()), ['a failed http_response_timeout', 'b served 200'])
  t.equal(gateway.health(endpoint), 'ejected')
  await until(() => target.abandoned === 1, { what: 'the hop to be given up' })
  for (const [script, shown] of [
    [['reset!'], 'a failed connection_terminated'],
    [answer(503, 'busy'), 'a failed 503'],
  ] as const) {
    target.play(script)
    const another = await frontOf(t, [endpoint, b])
    t.match(await get(`${another.url}/`), { status: 200, body: 'from b' })
    t.strictSame(attempts(await another.delivered()), [shown, 'b served 200'])
  }
  await target.refuse()
  const last = await frontOf(t, [endpoint, b])
  t.match(await get(`${last.url}/`), { status: 200, body: 'from b' })
  t.strictSame(attempts(await last.delivered()), ['a failed connection_refused', 'b served 200'])
  t.equal(edge.connections, 4, 'a transport each')
})

t.test('the rest of a body is asked of the endpoint again, and its redirect followed again', async (t) => {
  const fields = { etag: '"1"' }
  const { target, edge, endpoint } = await pair(
    t,
    (media) => to(`http://${media}/`),
    cut('abcdef', 3, 'reset!', fields),
  )
  const gateway = await frontOf(t, [endpoint], { outlier: { consecutiveFailures: 9 } })
  const waiting = get(`${gateway.url}/`)
  await target.received(1)
  target.play(answer(206, 'def', { ...fields, 'content-range': 'bytes 3-5/6' }))
  t.match(await waiting, { status: 200, body: 'abcdef' })
  t.equal(target.requests[1]!.header('range'), 'bytes=3-5')
  t.equal(target.requests[1]!.header('if-range'), '"1"')
  t.equal(edge.requests.length, 2)
  t.match((await gateway.delivered()).resumes, [{ result: 'resumed' }])
})

t.test('nobody is waited for in vain: bodies of redirects that do not end, clients that leave', async (t) => {
  const { target, edge, endpoint } = await pair(
    t,
    (media) => [head(302, { location: `http://${media}/`, 'content-length': '1000' }), 'x', 'stall!'],
    answer(200, 'from media'),
  )
  const gateway = await frontOf(t, [endpoint])
  t.match(await get(`${gateway.url}/`), { status: 200, body: 'from media' })
  await until(() => edge.abandoned === 1, { what: 'the redirect to be left' })
  target.play(['stall!'])
  const client = await rawClient(t, gateway)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await target.received(2)
  client.reset()
  t.match(await gateway.delivered(2), { status: 499 })
  await until(() => edge.abandoned === 2 && target.abandoned === 1, { what: 'both to be left' })
})

t.test(
  'over TLS a hop is verified by its own name and by the authorities of its Cdn, and knows no certificate',
  async (t) => {
    const target = await tlsUpstream(t, 'localhost', { requestCert: true, rejectUnauthorized: false })
    const port = target.url.split(':').at(-1)!
    const names = ['media.cdn.test', 'media.test', 'edge.test']
    const surroundings = surroundingsOf(new Map([['.test', ['127.0.0.1']]]))
    let location = ''
    const url = await rawTls(t, (socket) => socket.on('data', () => socket.write(to(location).join(''))))
    const tls = { serverName: 'edge.test', verify: true, ca: CA, clientCertificate: certificate('client') }
    const hosts = names.map((name) => `${name}:${port}`)
    const edge = redirecting(url, hosts, { tls })
    const gateway = await front(t, { candidates: [edge], surroundings })
    location = `https://media.cdn.test:${port}/`
    t.match(await get(`${gateway.url}/`), { status: 200, body: 'ok nobody' })
    t.strictSame(target.names, ['media.cdn.test'])
    location = `https://media.test:${port}/`
    t.match(await get(`${gateway.url}/`), { status: 502, body: 'tls_certificate_error' }, 'a name that is not in it')
    location = `http://media.cdn.test:${port}/`
    t.match(await get(`${gateway.url}/`), { status: 302, headers: { location } }, 'never from https to http')
    const lax = redirecting(url, hosts, { tls: { ...tls, verify: false, ca: null } })
    const careless = await front(t, { candidates: [lax], surroundings })
    location = `https://media.cdn.test:${port}/`
    t.match(
      await get(`${careless.url}/`),
      { status: 502, body: 'tls_certificate_error' },
      'verify: false is for the CDN',
    )
  },
)

t.test('connections to hops: of the last 32 hosts, closed with the rest', async (t) => {
  const pools = new HopPools(SURROUNDINGS)
  const a = redirecting('http://127.0.0.1:1', [])
  const first = pools.pool('http://n0.test', a)
  for (let i = 0; i < 32; i++) pools.pool(`http://n${i}.test`, a)
  t.equal(pools.pool('http://n0.test', a), first, 'who is used stays')
  t.not(pools.pool('http://n0.test', { ...a, cdnName: 'b' }), first, 'another CDN, other authorities')
  const second = pools.pool('http://n2.test', a)
  t.equal(first.closed, false)
  for (let i = 100; i < 132; i++) pools.pool(`http://n${i}.test`, a)
  t.equal(first.closed, true)
  t.equal(second.closed, true)
  const last = pools.pool('http://n131.test', a)
  await pools.close()
  t.equal(last.closed, true)
  await pools.destroy()
})
