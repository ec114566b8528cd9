import t from 'tap'
import type { HeaderEdit, HeaderRules } from '../../src/config/snapshot.ts'
import { clientHeaders, upstreamHeaders } from '../../src/http/headers.ts'
import { admittedRequest, type FieldLine, flatBuffers, type RequestSpec, valuesOf } from './support/request.ts'
import { cdn, endpoint, NO_RULES, policy, site } from './support/services.ts'

const ORIGIN = endpoint('http://origin.test:8080')
const EDGE = endpoint('http://edge.test', { cdn: cdn('edge'), hostHeader: 'www.edge.test' })
const TELLING = endpoint('http://edge.test', { cdn: cdn('edge', { clientIp: 'full' }) })

function sent(spec: RequestSpec, to = ORIGIN): string[] {
  return upstreamHeaders(admittedRequest(spec), to, 'answer')
}

function requestRules(request: Partial<HeaderEdit>): HeaderRules {
  return { ...NO_RULES, request: { set: [], remove: [], ...request } }
}

const HOP_BY_HOP: readonly FieldLine[] = [
  ['Connection', 'close, X-Secret, Via, Host, CDN-Loop, X-Forwarded-For, Cookie'],
  ['Keep-Alive', 'timeout=5'],
  ['Proxy-Authorization', 'Basic eDp5'],
  ['Proxy-Connection', 'keep-alive'],
  ['Proxy-Authenticate', 'Basic'],
  ['TE', 'trailers'],
  ['Trailer', 'X-Sum'],
  ['Transfer-Encoding', 'chunked'],
  ['Upgrade', 'websocket'],
  ['HTTP2-Settings', 'AAMAAABk'],
  ['X-Secret', 'one hop only'],
  ['X-Kept', 'yes'],
]

t.test('towards an upstream: what belongs to one hop stays behind, also what Connection names', async (t) => {
  const headers = sent({ fields: [...HOP_BY_HOP, ['CONNECTION', 'x-other'], ['X-Other', 'no']] })
  const gone = HOP_BY_HOP.map(([name]) => name.toLowerCase()).filter((name) => name !== 'x-kept')
  for (const name of [...gone, 'x-other']) t.same(valuesOf(headers, name), [], name)
  t.same(valuesOf(headers, 'x-kept'), ['yes'])
})

t.test('a client cannot make us drop our own fields by naming them in Connection', async (t) => {
  const fields: FieldLine[] = [
    ['Connection', 'host, via, cdn-loop, forwarded, x-forwarded-for, x-forwarded-proto, content-length'],
    ['Via', '1.1 earlier'],
    ['CDN-Loop', 'other'],
    ['Content-Length', '3'],
  ]
  const headers = upstreamHeaders(admittedRequest({ fields }), ORIGIN, 'content')
  t.same(valuesOf(headers, 'host'), ['www.test'])
  t.same(valuesOf(headers, 'via'), ['1.1 earlier, 1.1 polycdn'])
  t.same(valuesOf(headers, 'cdn-loop'), ['other, polycdn-test'])
  t.same(valuesOf(headers, 'x-forwarded-for'), ['192.0.2.1'])
  t.same(valuesOf(headers, 'x-forwarded-proto'), ['http'])
  t.same(valuesOf(headers, 'forwarded'), ['for=192.0.2.1;host="www.test";proto=http'])
  t.same(valuesOf(headers, 'content-length'), ['3'])
})

t.test('Connection: close and keep-alive name no field', async (t) => {
  const fields: FieldLine[] = [
    ['Connection', ' , Close ,KEEP-ALIVE,, '],
    ['Close', 'a'],
  ]
  t.same(valuesOf(sent({ fields }), 'close'), ['a'])
})

t.test('Content-Length, Expect and what is for us are not for the upstream of a GET', async (t) => {
  const fields: FieldLine[] = [
    ['Content-Length', '3'],
    ['Expect', '100-continue'],
    ['Polycdn-Debug', '1'],
    ['Polycdn-Token', 'secret'],
  ]
  const names = sent({ fields }).filter((_, at) => at % 2 === 0)
  t.notOk(names.some((name) => /^(content-length|expect|polycdn-)/i.test(name)))
})

t.test('Host: the configured one, the one sent, or the endpoint’s own', async (t) => {
  const host = { name: 'www.test', authority: 'WWW.test:8443' }
  t.same(valuesOf(sent({ host, fields: [['Host', 'WWW.test:8443']] }), 'host'), ['WWW.test:8443'])
  t.same(valuesOf(sent({ host, fields: [['Host', 'WWW.test:8443']] }, EDGE), 'host'), ['www.edge.test'])
  t.same(valuesOf(sent({ host: { name: '', authority: '' }, httpVersion: '1.0' }), 'host'), ['origin.test:8080'])
})

t.test('Via and CDN-Loop are appended to, several lines and all', async (t) => {
  const fields: FieldLine[] = [
    ['Via', '1.0 a'],
    ['CDN-Loop', 'x; v=1'],
    ['via', '1.1 b'],
    ['cdn-loop', 'y'],
  ]
  const headers = sent({ fields, httpVersion: '1.0' })
  t.same(valuesOf(headers, 'via'), ['1.0 a, 1.1 b, 1.0 polycdn'])
  t.same(valuesOf(headers, 'cdn-loop'), ['x; v=1, y, polycdn-test'])
  t.same(valuesOf(sent({}), 'via'), ['1.1 polycdn'])
  t.same(valuesOf(sent({}), 'cdn-loop'), ['polycdn-test'])
})

t.test('repeated fields, their order and their spelling survive', async (t) => {
  const fields: FieldLine[] = [
    ['COOKIE', 'a=1'],
    ['X-Twice', '1'],
    ['cookie', 'b=2'],
    ['x-twice', '2'],
    ['Authorization', 'Basic eDp5'],
    ['X-Latin', 'caf\xe9'],
    ['X-Empty', ''],
  ]
  const headers = sent({ fields })
  t.same(headers.slice(2, 2 + fields.length * 2), fields.flat())
})

const SPOOFED: readonly FieldLine[] = [
  ['X-Forwarded-For', '203.0.113.66'],
  ['X-Forwarded-Host', 'evil.test'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Port', '443'],
  ['X-Forwarded-Ssl', 'on'],
  ['X-Forwarded-Server', 'evil.test'],
  ['X-Forwarded-Prefix', '/evil'],
  ['X-Real-IP', '203.0.113.66'],
  ['Forwarded', 'for=203.0.113.66;host=evil.test'],
]

t.test('the origin hears who asks from us, not from the client', async (t) => {
  const headers = sent({ fields: SPOOFED })
  t.notMatch(headers.join('\n'), /203\.0\.113\.66|evil|443/)
  t.same(valuesOf(headers, 'x-forwarded-for'), ['192.0.2.1'])
  t.same(valuesOf(headers, 'x-forwarded-host'), ['www.test'])
  t.same(valuesOf(headers, 'x-forwarded-proto'), ['http'])
  t.same(valuesOf(headers, 'forwarded'), ['for=192.0.2.1;host="www.test";proto=http'])
  t.same(valuesOf(headers, 'x-forwarded-ssl'), [])
})

t.test('behind a trusted proxy the chain goes on', async (t) => {
  const spec = { fields: SPOOFED, peerTrusted: true, peer: '2001:db8::7', scheme: 'https' } as const
  const headers = sent(spec)
  t.same(valuesOf(headers, 'x-forwarded-for'), ['203.0.113.66, 2001:db8::7'])
  t.same(valuesOf(headers, 'forwarded'), [
    'for=203.0.113.66;host=evil.test, for="[2001:db8::7]";host="www.test";proto=https',
  ])
  t.same(valuesOf(headers, 'x-forwarded-host'), ['www.test'])
  t.same(valuesOf(headers, 'x-forwarded-proto'), ['https'])
  t.same(valuesOf(headers, 'x-forwarded-prefix'), ['/evil'], 'a proxy we trust may say so')
})

t.test('a CDN hears nothing of the client, unless client_ip is full', async (t) => {
  const names = sent({ fields: SPOOFED }, EDGE).filter((_, at) => at % 2 === 0)
  t.notOk(names.some((name) => /^(forwarded|x-forwarded-.*|x-real-ip)$/i.test(name)))
  const behind = sent({ fields: SPOOFED, peerTrusted: true }, EDGE)
  t.same(valuesOf(behind, 'x-forwarded-for'), [], 'nor what a trusted proxy said')
  t.same(valuesOf(behind, 'forwarded'), [])
  t.same(valuesOf(sent({ fields: SPOOFED }, TELLING), 'x-forwarded-for'), ['192.0.2.1'])
})

t.test('edits of requests: the policy’s, then the endpoint’s', async (t) => {
  const rules = requestRules({
    remove: ['x-a', 'x-ours'],
    set: [
      ['x-b', 'cdn'],
      ['x-forwarded-proto', 'https'],
    ],
  })
  const edited = endpoint('http://edge.test', { cdn: cdn('edge', { clientIp: 'full', headers: rules }) })
  const chosen = policy({
    headers: requestRules({
      remove: ['x-c'],
      set: [
        ['x-b', 'policy'],
        ['x-ours', '1'],
      ],
    }),
  })
  const of = site({ endpoints: [edited], policy: chosen })
  const fields: FieldLine[] = [
    ['X-A', '1'],
    ['x-b', '2'],
    ['X-B', '3'],
    ['X-C', '4'],
    ['X-D', '5'],
  ]
  const headers = sent({ fields, site: of }, edited)
  t.same(valuesOf(headers, 'x-a'), [])
  t.same(valuesOf(headers, 'x-b'), ['cdn'], 'set replaces every line, and an earlier set')
  t.same(valuesOf(headers, 'x-c'), [])
  t.same(valuesOf(headers, 'x-d'), ['5'])
  t.same(valuesOf(headers, 'x-ours'), [])
  t.same(valuesOf(headers, 'x-forwarded-proto'), ['https'], 'set replaces ours')
})

t.test('the origin has edits of its own, and those of no CDN', async (t) => {
  const of = site({ origin: [ORIGIN], originOver: { headers: requestRules({ set: [['x-key', 'origin']] }) } })
  t.same(valuesOf(sent({ site: of }), 'x-key'), ['origin'])
  t.same(valuesOf(sent({ site: of }, EDGE), 'x-key'), [])
})

t.test('edits cannot hide Via and CDN-Loop: loops would not be seen', async (t) => {
  const chosen = policy({ headers: requestRules({ remove: ['via', 'cdn-loop'] }) })
  const headers = sent({ site: site({ origin: [ORIGIN], policy: chosen }) })
  t.same(valuesOf(headers, 'via'), ['1.1 polycdn'])
  t.same(valuesOf(headers, 'cdn-loop'), ['polycdn-test'])
})

function received(fields: readonly FieldLine[], edits: readonly (Partial<HeaderEdit> | null)[] = []): string[] {
  const complete = edits.map((edit) => (edit === null ? null : { set: [], remove: [], ...edit }))
  return clientHeaders(flatBuffers(fields), complete, ['server-timing', 'cdn;desc=edge;dur=1.0'])
}

t.test('towards the client: what belongs to one hop stays behind', async (t) => {
  const headers = received([...HOP_BY_HOP, ['Alt-Svc', 'h3=":443"'], ['alt-svc', 'clear']])
  const gone = HOP_BY_HOP.map(([name]) => name.toLowerCase()).filter((name) => name !== 'x-kept')
  for (const name of [...gone, 'alt-svc']) if (name !== 'via') t.same(valuesOf(headers, name), [], name)
  t.same(valuesOf(headers, 'x-kept'), ['yes'])
  t.same(valuesOf(headers, 'via'), ['1.1 polycdn'])
})

t.test('towards the client: cookies, order and odd bytes survive, Via is appended', async (t) => {
  const fields: FieldLine[] = [
    ['Set-Cookie', 'a=1; Path=/'],
    ['ETag', '"x"'],
    ['set-cookie', 'b=2'],
    ['Content-Length', '12'],
    ['X-Latin', 'caf\xe9'],
  ]
  const headers = received([...fields, ['Via', '1.1 a'], ['via', '2 b']])
  t.same(headers.slice(0, fields.length * 2), fields.flat())
  t.same(valuesOf(headers, 'via'), ['1.1 a, 2 b, 1.1 polycdn'])
  t.same(valuesOf(headers, 'server-timing'), ['cdn;desc=edge;dur=1.0'])
})

t.test('towards the client: the upstream’s Server-Timing stays beside ours', async (t) => {
  t.same(valuesOf(received([['Server-Timing', 'db;dur=2']]), 'server-timing'), ['db;dur=2', 'cdn;desc=edge;dur=1.0'])
})

t.test('edits of answers: the endpoint’s, then the policy’s', async (t) => {
  const fields: FieldLine[] = [
    ['Cache-Control', 'no-cache'],
    ['X-Powered-By', 'x'],
    ['Server', 'y'],
  ]
  const headers = received(fields, [
    { remove: ['x-powered-by'], set: [['cache-control', 'max-age=1']] },
    null,
    {
      remove: ['server'],
      set: [
        ['cache-control', 'max-age=2'],
        ['x-new', '1'],
      ],
    },
  ])
  t.same(valuesOf(headers, 'cache-control'), ['max-age=2'])
  t.same(valuesOf(headers, 'x-powered-by'), [])
  t.same(valuesOf(headers, 'server'), [])
  t.same(valuesOf(headers, 'x-new'), ['1'])
})

t.test('codings are asked for in one spelling, so that CDNs can agree byte for byte', async (t) => {
  const asked = (value: string) => valuesOf(sent({ fields: [['Accept-Encoding', value]] }), 'accept-encoding')
  t.same(asked('gzip, deflate, br, zstd'), ['br, gzip'])
  t.same(asked('br;q=1.0, gzip;q=0.8, *;q=0.1'), ['br, gzip'])
  t.same(asked('GZIP'), ['gzip'])
  t.same(asked('gzip;q=0, br;q=0.000'), ['identity'])
  t.same(asked(''), ['identity'])
})

t.test('the rest of a body is asked for in our own words', async (t) => {
  const fields: FieldLine[] = [
    ['Range', 'bytes=0-9'],
    ['If-Range', '"old"'],
    ['If-None-Match', '"a"'],
    ['If-Modified-Since', 'Thu, 01 Oct 2026 10:00:00 GMT'],
    ['Accept', '*/*'],
  ]
  const headers = upstreamHeaders(admittedRequest({ fields }), EDGE, { range: 'bytes=5-9', ifRange: '"new"' })
  t.same(valuesOf(headers, 'range'), ['bytes=5-9'])
  t.same(valuesOf(headers, 'if-range'), ['"new"'])
  t.same(valuesOf(headers, 'if-none-match'), [])
  t.same(valuesOf(headers, 'if-modified-since'), [])
  t.same(valuesOf(headers, 'accept'), ['*/*'])
})
