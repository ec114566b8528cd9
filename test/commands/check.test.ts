import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { UrlReport } from '../../src/commands/check/url-report.ts'
import { check } from '../../src/commands/check.ts'
import { CA_FILE } from '../helpers/certificates.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { faultProxy } from '../helpers/fault-proxy.ts'
import { runCommand, writeConfig } from '../helpers/gateway.ts'
import { answer, chunked, countedBody, type Fields } from '../helpers/misbehaviour.ts'
import { startNginx } from '../helpers/nginx.ts'
import type { RecordedRequest } from '../helpers/recorded-request.ts'
import { tempDir } from '../helpers/scope.ts'
import { type Script, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from '../scenarios/topology.ts'

const BODY = countedBody(40_000)
const SHA256 = createHash('sha256').update(BODY).digest('hex')
const ETAG = '"v1"'

interface Manners {
  readonly body?: string
  readonly etag?: string
  readonly fields?: Fields
  readonly range?: 'honoured' | 'ignored' | 'refused'
}

/** An upstream that honours Range and If-Range unless told otherwise. */
function object({ body = BODY, etag = ETAG, fields = {}, range = 'honoured' }: Manners = {}): Script {
  return (request: RecordedRequest): readonly Step[] => {
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.header('range') ?? '')
    const validator = request.header('if-range')
    const all = { etag, ...fields }
    if (asked !== null && range === 'refused') return answer(416, '', all)
    const isCurrent = validator === undefined || (validator === etag && !etag.startsWith('W/'))
    if (asked === null || range === 'ignored' || !isCurrent) return answer(200, body, all)
    const [first, last] = [Number(asked[1]), asked[2] === '' ? body.length - 1 : Number(asked[2])]
    return answer(206, body.slice(first, last + 1), {
      ...all,
      'content-range': `bytes ${first}-${last}/${body.length}`,
    })
  }
}

type Config = Readonly<Record<string, unknown>>

async function run(t: Test, config: Config, ...args: string[]) {
  const file = join(tempDir(t, 'check'), 'config.yaml')
  writeConfig(file, config)
  const { shell, out, err } = fakeShell()
  const code = await check(['--config', file, ...args], shell)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

async function report(t: Test, config: Config, ...args: string[]) {
  const { code, out } = await run(t, config, '--json', ...args, 'https://www.test/a')
  const [first] = JSON.parse(out) as UrlReport[]
  return { code, report: first!, by: new Map(first!.endpoints.map((endpoint) => [endpoint.name, endpoint])) }
}

/** `fra>iad works`, in the order of the report. */
function switches({ resume }: UrlReport): string[] {
  return resume.map(({ from, to, result }) => `${from}>${to} ${result}`)
}

function why({ resume }: UrlReport, from: string, to: string): string | null | undefined {
  return resume.find((each) => each.from === from && each.to === to)?.why
}

/** A Cdn a script, named as metros are, and an origin that behaves. */
async function scripted(t: Test, scripts: Readonly<Record<string, Script | readonly Step[]>>, over: Config = {}) {
  const upstreams = await Promise.all(Object.values(scripts).map((script) => scriptedUpstream(t, script)))
  const edges = Object.keys(scripts).map((name, at) => ({ name, url: upstreams[at]!.url }))
  const origin = await scriptedUpstream(t, object())
  return { config: topology({ edges, origin: origin.url, ...over }), upstreams, origin }
}

t.test('real servers that agree: a body may break off anywhere', async (t) => {
  const files = { '/a': BODY }
  const [fra, iad, origin] = await Promise.all(['fra', 'iad', 'origin'].map((name) => startNginx(t, { name, files })))
  const config = topology({ edges: [fra!, iad!], origin: origin!.url })
  const { code, report: found, by } = await report(t, config)
  t.equal(code, 0)
  t.strictSame(found.disagreements, [])
  t.equal(found.ok, true)
  t.match(by.get('fra'), {
    status: 200,
    etag_strength: 'strong',
    length: 40_000,
    sha256: SHA256,
    range: 'yes',
    tls: null,
  })
  t.match(by.get('fra'), { complete: true, bytes_read: 40_000, encoding: null, error: null })
  const pairs = ['fra>fra', 'fra>iad', 'fra>origin', 'iad>fra', 'iad>iad', 'iad>origin', 'origin>fra', 'origin>iad']
  t.strictSame(
    switches(found),
    pairs.map((pair) => `${pair} works`),
  )

  const people = await run(t, config, 'http://www.test:8080/a#top')
  t.equal(people.code, 0)
  t.match(people.out, /^fra +http:\S+ +– +200 +strong "\S+" +40000 +identity +– +yes +[0-9a-f]{12} +\d+ ms$/m)
  t.match(people.out, 'All of them agree.')
  t.match(people.out, /^fra +yes +yes +yes$/m)
  t.match(people.out, /^origin +yes +yes +–$/m)
  t.match(people.out, /\nok\n$/)
  t.match(people.err, 'polycdn: asking for http://www.test:8080/a#top')
})

t.test('endpoints are asked as visitors make the gateway ask', async (t) => {
  const { config, upstreams, origin } = await scripted(t, { fra: object() })
  const args = ['--ip', '192.0.2.7', '--header', 'Cookie: a=secret', '--header', 'accept: image/webp']
  const { code, out, err } = await run(t, config, ...args, 'https://www.test:8443/a/../b?q=1')
  t.equal(code, 0)
  const [whole, part] = upstreams[0]!.requests
  t.strictSame([whole!.method, whole!.target], ['GET', '/b?q=1'])
  t.equal(whole!.header('accept-encoding'), 'br, gzip')
  t.equal(whole!.header('accept'), 'image/webp')
  t.equal(whole!.header('range'), undefined)
  t.equal(part!.header('range'), 'bytes=20000-39999')
  t.equal(part!.header('if-range'), ETAG)
  t.equal(part!.header('accept-encoding'), 'br, gzip')
  const [asked] = origin.requests
  t.equal(asked!.header('host'), 'www.test:8443')
  t.equal(asked!.header('x-forwarded-for'), '192.0.2.7')
  t.equal(asked!.header('x-forwarded-proto'), 'https')
  t.notMatch(out + err, 'secret')
  t.equal(upstreams[0]!.requests.length, 2, 'equal questions are asked once')
  await until(() => upstreams[0]!.open + origin.open === 0, { what: 'no connection to be left' })
})

t.test('one CDN weakens the ETag', async (t) => {
  const { config } = await scripted(t, { fra: object(), iad: object({ etag: 'W/"v1"' }) })
  const { code, report: found, by } = await report(t, config)
  t.equal(code, 1)
  t.equal(by.get('iad')!.etag_strength, 'weak')
  t.equal(by.get('iad')!.range, 'yes', 'it knows Range all the same')
  t.match(found.disagreements, [
    { about: 'etag', text: 'iad weakens the ETag that fra and origin gave: W/"v1", not "v1"' },
  ])
  const bad = ['fra>iad', 'iad>fra', 'iad>iad', 'iad>origin', 'origin>iad']
  t.strictSame(
    switches(found).filter((each) => each.endsWith('refused')),
    bad.map((pair) => `${pair} refused`),
  )
  t.match(why(found, 'fra', 'iad'), 'weakens the ETag')
  t.match(why(found, 'iad', 'fra'), 'its ETag is weak')

  const people = await run(t, config, 'https://www.test/a')
  t.match(people.out, '✗ iad weakens the ETag')
  t.match(people.out, /^✗ iad → fra, iad and origin: no, .*its ETag is weak/m)
  t.match(people.out, /\nnot ok\n$/)
})

t.test('one CDN has another version', async (t) => {
  const longer = object({ body: `${BODY}!`, etag: '"v2"' })
  const { config } = await scripted(t, { fra: object(), iad: longer })
  const { code, report: found } = await report(t, config)
  t.equal(code, 1)
  t.strictSame(
    found.disagreements.map(({ about }) => about),
    ['etag', 'length'],
  )
  t.match(why(found, 'fra', 'iad'), 'its ETag is "v2", not "v1"')
  t.match(switches(found), ['fra>fra works', 'fra>iad refused', 'fra>origin works', 'iad>fra refused', 'iad>iad works'])
})

t.test('one CDN cuts the object, by the same ETag', async (t) => {
  const { config } = await scripted(t, { fra: object(), iad: object({ body: BODY.slice(1) }) })
  const { code, report: found } = await report(t, config)
  t.equal(code, 1)
  t.match(found.disagreements, [{ about: 'length', text: 'the lengths differ: 40000 at fra and origin; 39999 at iad' }])
  t.equal(why(found, 'fra', 'iad'), 'its length is 39999, not 40000')
})

t.test('one CDN calls other bytes by the same ETag: this is the worst', async (t) => {
  const { config } = await scripted(t, { fra: object(), iad: object({ body: BODY.toUpperCase() }) })
  const { code, report: found } = await report(t, config)
  t.equal(code, 1)
  t.strictSame(
    found.disagreements.map(({ about }) => about),
    ['body'],
  )
  t.equal(switches(found)[1], 'fra>iad wrong')
  t.match((await run(t, config, 'https://www.test/a')).out, /^✗ fra → iad: WRONG/m)
})

t.test('one CDN compresses', async (t) => {
  const { config } = await scripted(t, { fra: object(), iad: object({ fields: { 'content-encoding': 'gzip' } }) })
  const { code, report: found, by } = await report(t, config)
  t.equal(code, 1)
  t.equal(by.get('iad')!.encoding, 'gzip')
  t.strictSame(found.disagreements, [
    { about: 'encoding', text: 'the encodings differ: identity at fra and origin; gzip at iad' },
  ])
  t.match(why(found, 'fra', 'iad'), 'its encoding is gzip, not identity')
})

t.test('a real server that compresses as it sends cannot be continued', async (t) => {
  const extra = 'gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;'
  const fra = await startNginx(t, { name: 'fra', files: { '/a': BODY }, extra })
  const { code, report: found, by } = await report(t, topology({ edges: [fra] }))
  t.equal(code, 1)
  t.match(by.get('fra'), { encoding: 'gzip', etag_strength: 'weak', range: 'ignored' })
  t.strictSame(found.disagreements, [])
  t.match(why(found, 'fra', 'fra'), 'its ETag is weak')
})

t.test('Range: ignored, refused', async (t) => {
  const scripts = { fra: object(), iad: object({ range: 'ignored' }), sin: object({ range: 'refused' }) }
  const { config } = await scripted(t, scripts)
  const { code, report: found, by } = await report(t, config)
  t.equal(code, 1)
  t.strictSame(
    ['fra', 'iad', 'sin'].map((name) => by.get(name)!.range),
    ['yes', 'ignored', 'no'],
  )
  t.strictSame(found.disagreements, [])
  t.match(why(found, 'fra', 'iad'), 'it ignores the Range')
  t.match(why(found, 'fra', 'sin'), 'it answers 416 to the Range request')
  t.equal(why(found, 'iad', 'fra'), null, 'the other way round it works')
})

t.test('Cache-Control: order means nothing, the rest does', async (t) => {
  const caching = (value: string) => object({ fields: { 'cache-control': value } })
  const alike = { fra: caching('public, max-age=60'), iad: caching('Max-Age=60,public') }
  const first = await scripted(t, alike, { policy: { fallback: 'none' } })
  const { code, report: found } = await report(t, first.config)
  t.equal(code, 1, 'bodies can be resumed, and yet they disagree')
  t.match(found.disagreements, [{ about: 'cache-control', text: /max-age=60, public at fra and iad; none at origin/ }])
  t.equal(switches(found).length, 4, 'the origin is compared, but not resumed at')
  t.match(found.notes, [/does not fall back to the origin/])
})

t.test('without a length', async (t) => {
  const whole = chunked([BODY], { etag: ETAG })
  const { config } = await scripted(t, {
    fra: (request, at) => (request.header('range') ? object()(request, at) : whole),
  })
  const { code, report: found, by } = await report(t, config)
  t.equal(code, 0, JSON.stringify(found))
  t.equal(by.get('fra')!.length, 40_000)
})

t.test('no more than --max-bytes is read', async (t) => {
  const { config, upstreams } = await scripted(t, { fra: object() })
  const { code, report: found, by } = await report(t, config, '--max-bytes', '1KiB')
  t.equal(code, 0)
  const sha256 = createHash('sha256').update(BODY.slice(0, 1024)).digest('hex')
  t.match(by.get('fra'), { length: 40_000, bytes_read: 1024, complete: false, sha256 })
  t.equal(upstreams[0]!.requests[1]!.header('range'), 'bytes=20000-39999')
  t.match(found.notes, ['only the first 1024 bytes of fra were read', 'only the first 1024 bytes of origin were read'])
})

t.test('one CDN is down, one stalls, one drips', async (t) => {
  const edge = await scriptedUpstream(t, object())
  const down = await faultProxy(t, { edge: edge.url, fault: 'refuse' })
  const stalls = await faultProxy(t, { edge: edge.url, fault: 'stall-before-headers' })
  const drips = await faultProxy(t, { edge: edge.url, fault: 'drip-body' })
  const edges = [
    ['fra', edge],
    ['iad', down],
    ['sin', stalls],
    ['nrt', drips],
  ] as const
  const policy = { retry: { per_try_timeout: '300ms', body_idle_timeout: '10s' } }
  const config = topology({ edges: edges.map(([name, { url }]) => ({ name, url })), policy })
  const { code, report: found, by } = await report(t, config, '--timeout', '400ms')
  t.equal(code, 1)
  t.match(by.get('iad'), { error: 'connection_refused', status: null, sha256: null })
  t.equal(by.get('sin')!.error, 'http_response_timeout')
  t.equal(by.get('nrt')!.error, 'http_response_timeout')
  t.match(found.disagreements[0], { about: 'answer', text: 'iad gives no answer: connection_refused' })
  t.equal(why(found, 'fra', 'iad'), 'iad gives no answer')
  t.equal(switches(found)[0], 'fra>fra works')
})

t.test('404 everywhere: they agree, and there is nothing to resume', async (t) => {
  const missing = answer(404, 'no\n')
  const { config, origin } = await scripted(t, { fra: missing, iad: answer(404, 'gone fishing\n') })
  origin.play(missing)
  const { code, report: found } = await report(t, config)
  t.equal(code, 1)
  t.strictSame(found.disagreements, [])
  t.match(why(found, 'fra', 'iad'), 'it answers 404')
  origin.play(object())
  const { report: other } = await report(t, config)
  t.match(other.disagreements, [{ about: 'status', text: 'the statuses differ: 404 at fra and iad; 200 at origin' }])
})

t.test('an empty object has nothing to lose', async (t) => {
  const { config, origin } = await scripted(t, { fra: object({ body: '' }) })
  origin.play(object({ body: '' }))
  const { code, report: found } = await report(t, config)
  t.equal(code, 0)
  t.strictSame(found.resume, [])
})

t.test('a bot challenge is no answer', async (t) => {
  const { config } = await scripted(t, { fra: answer(403, 'prove it', { 'cf-mitigated': 'challenge' }) })
  const { by } = await report(t, config)
  t.equal(by.get('fra')!.error, 'challenged')
})

t.test('TLS: good, expired, for another name, not verified', async (t) => {
  const edge = await scriptedUpstream(t, object())
  const proxy = (fault: 'tls-expired' | 'tls-wrong-name' | null) => faultProxy(t, { edge: edge.url, fault, tls: true })
  const [good, expired, wrong, lax] = await Promise.all(
    [null, 'tls-expired', 'tls-wrong-name', 'tls-expired'].map((fault) => proxy(fault as null)),
  )
  const edges = [
    ['fra', good],
    ['iad', expired],
    ['sin', wrong],
  ] as const
  const config = topology({
    edges: edges.map(([name, each]) => ({ name, url: each!.url })),
    cdn: { tls: { ca_file: CA_FILE } },
  })
  const cdns = config.cdns as object[]
  cdns.push({ name: 'lax', provider: 'http', url: lax!.url, tls: { verify: false } })
  const { sites, policies } = config as { sites: unknown; policies: { default: { cdns: string[] } } }
  policies.default.cdns.push('lax')
  const { code, report: found, by } = await report(t, { cdns, sites, policies })
  t.equal(code, 1)
  t.match(by.get('fra')!.tls, { protocol: 'TLSv1.3', verified: true, error: null, valid_until: /^2120-01-01T/ })
  t.match(by.get('iad'), { error: 'tls_certificate_error', tls: { error: /certificate has expired/ } })
  t.match(by.get('sin'), { error: 'tls_certificate_error', tls: { error: /is not in the cert's list/ } })
  t.match(by.get('lax'), { status: 200, tls: { protocol: 'TLSv1.3', verified: false, valid_until: /^2001-01-01T/ } })
  t.match(found.notes, ['the certificate of lax does not hold, and is not verified'])
  t.equal(switches(found).includes('fra>lax works'), true)
  const { out } = await run(t, { cdns, sites, policies }, 'https://www.test/a')
  t.match(out, '✗ TLS with iad fails: tls_certificate_error: certificate has expired')
  t.match(out, /^lax .*TLSv1\.3 until 2001-01-01, not verified/m)
})

t.test('what an upstream sends cannot move the cursor', async (t) => {
  const nasty = '"\x9b2J\xe9"'
  const { config } = await scripted(t, { fra: object({ etag: nasty, fields: { 'cache-control': 'x'.repeat(500) } }) })
  const { out } = await run(t, config, `https://www.test/${'a'.repeat(3000)}`)
  t.notMatch(out, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  t.match(out, String.raw`"\x9b2J\xe9"`)
  t.ok(out.split('\n').every((line) => line.length <= 2000))
  const json = await run(t, config, '--json', 'https://www.test/a')
  t.notMatch(json.out, /[\x7f-\x9f]/)
  t.equal((JSON.parse(json.out) as UrlReport[])[0]!.endpoints[0]!.etag, nasty)
})

t.test('what the policy says', async (t) => {
  const policies: readonly (readonly [policy: Config, why: RegExp])[] = [
    [{ resume: { enabled: false } }, /resume\.enabled is false/],
    [{ retry: { attempts: 1 } }, /retry\.attempts is 1/],
    [{ retry: { on: [503] } }, /neither reset nor response-timeout/],
  ]
  for (const [policy, reason] of policies) {
    const { config } = await scripted(t, { fra: object(), iad: object() }, { policy })
    const { code, report: found } = await report(t, config)
    t.equal(code, 1)
    t.match(why(found, 'fra', 'iad'), reason)
  }
  const dated = object({ etag: 'W/"v1"', fields: { 'last-modified': 'Thu, 01 Oct 2026 10:00:00 GMT' } })
  const byDate = (): Script => (request, at) => {
    const isCurrent = request.header('if-range') === 'Thu, 01 Oct 2026 10:00:00 GMT'
    const fields = { 'last-modified': 'Thu, 01 Oct 2026 10:00:00 GMT' }
    if (!isCurrent) return dated(request, at)
    return answer(206, BODY.slice(20_000), { ...fields, 'content-range': 'bytes 20000-39999/40000' })
  }
  const policy = { resume: { require: 'length-and-date' }, fallback: 'none' }
  const { config } = await scripted(t, { fra: byDate(), iad: byDate() }, { policy })
  t.strictSame(switches((await report(t, config)).report), [
    'fra>fra works',
    'fra>iad works',
    'iad>fra works',
    'iad>iad works',
  ])
})

t.test('a site without CDNs, or with one', async (t) => {
  const origin = await scriptedUpstream(t, object())
  const site = { name: 'www', hosts: ['*'], origin: { urls: [origin.url] } }
  const alone = await report(t, { sites: [site], policies: { default: { mode: 'origin' } } })
  t.equal(alone.code, 1)
  t.match(alone.report.notes, ['there is no endpoint at which a body could go on'])
})

t.test('two endpoints of one CDN have names of their own', async (t) => {
  const [one, two] = await Promise.all([scriptedUpstream(t, object()), scriptedUpstream(t, object())])
  const cdn = { name: 'fra', provider: 'http', endpoints: [{ url: one.url }, { url: two.url }] }
  const sites = [{ name: 'www', hosts: ['*'] }]
  const { code, report: found } = await report(t, { cdns: [cdn], sites, policies: { default: { cdns: ['fra'] } } })
  t.equal(code, 0)
  t.strictSame(
    found.endpoints.map(({ name }) => name),
    [`fra ${one.url}`, `fra ${two.url}`],
  )
})

t.test('several URLs; hosts and paths that nobody serves', async (t) => {
  const edge = await scriptedUpstream(t, object())
  const cdns = [{ name: 'fra', provider: 'http', url: edge.url }]
  const sites = [{ name: 'www', hosts: ['www.test'], routes: [{ match: { path: '/a*' }, policy: 'default' }] }]
  const config = { cdns, sites, policies: { default: { cdns: ['fra'] } } }
  t.equal((await run(t, config, 'https://www.test/a', 'https://www.test/ab')).code, 0)
  const mixed = await run(t, config, '--json', 'https://www.test/a', 'https://other.test/a', 'https://www.test/b')
  t.equal(mixed.code, 2)
  t.match(JSON.parse(mixed.out), [
    { ok: true },
    { ok: false, problem: /^unknown_host/ },
    { ok: false, problem: /^no_route/ },
  ])
  t.match(mixed.err, 'polycdn: unknown_host: https://other.test/a: no site has this host')
  t.equal(edge.requests.length, 6, 'nobody was asked for them')
})

t.test('the command line', async (t) => {
  const config = topology({ edges: [{ name: 'fra', url: 'http://127.0.0.1:1' }] })
  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /needs --config FILE and a URL/],
    [['www.test/a'], /argument 1 is no http or https URL/],
    [['http://www.test/', 'ftp://www.test/'], /argument 2 is no http/],
    [['https://user:secret@www.test/'], /argument 1 has a user name or a password/],
    [['--ip', 'here', 'https://www.test/'], /--ip: "here" is not an IP address/],
    [['--max-bytes', '0', 'https://www.test/'], /--max-bytes takes/],
    [['--max-bytes', 'much', 'https://www.test/'], /--max-bytes takes/],
    [['--timeout', '0', 'https://www.test/'], /--timeout takes/],
    [['--header', 'secret', 'https://www.test/'], /--header 1 is no/],
    [['--header', 'cookie: a\nb: secret', 'https://www.test/'], /--header 1 is no/],
    [['--header', 'range: bytes=0-1', 'https://www.test/'], /--header 1: range is what check itself asks with/],
  ]
  for (const [args, says] of wrong) {
    const { code, out, err } = await run(t, config, ...args)
    t.equal(code, 2, args.join(' '))
    t.match(err, says)
    t.notMatch(out + err, 'secret')
  }
  const { shell, err } = fakeShell()
  t.equal(await check(['https://www.test/'], shell), 2)
  t.match(err, [/needs --config/])
  const bad = join(tempDir(t, 'check'), 'bad.yaml')
  writeConfig(bad, 'version: 2\n')
  await t.rejects(check(['-c', bad, 'https://www.test/'], shell), { code: 'config_invalid' })
})

t.test('the program ends by itself, whatever the endpoints do', async (t) => {
  const edge = await scriptedUpstream(t, object())
  const stalls = await faultProxy(t, { edge: edge.url, fault: 'stall-in-body' })
  const edges = [
    { name: 'fra', url: edge.url },
    { name: 'iad', url: stalls.url },
    { name: 'sin', url: 'http://no-such-edge.invalid' },
  ]
  const file = join(tempDir(t, 'check'), 'config.yaml')
  writeConfig(file, topology({ edges, policy: { retry: { body_idle_timeout: '300ms' } } }))
  const exit = await runCommand(t, ['check', '-c', file, 'https://www.test/a']).exited()
  t.equal(exit.code, 1, exit.stderr)
  t.match(exit.stdout, 'iad gives no answer: http_response_timeout')
  t.match(exit.stdout, 'sin gives no answer: dns_error')
  t.match(exit.stderr, /^polycdn: asking for https:\/\/www\.test\/a\n$/)
})
