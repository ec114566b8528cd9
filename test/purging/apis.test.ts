import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import t, { type Test } from 'tap'
import { signForAws } from '../../src/purging/apis/aws-signature.ts'
import { PURGE_APIS } from '../../src/purging/apis/index.ts'
import type { PurgeApi, PurgeOrder } from '../../src/purging/apis/purge-api.ts'
import { answer, at, ID, manyUrls, order } from './support.ts'

const NOW = Date.UTC(2015, 7, 30, 12, 36, 0)
const AWS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
}
const UUID = '00000000-0000-4000-8000-000000000001'

const cloudfront = (over = {}) =>
  PURGE_APIS.cloudfront({
    ...AWS,
    distribution: 'E1',
    tags: false,
    widen: false,
    endpoint: 'https://cf.example',
    ...over,
  })
const cloudflare = (over = {}) =>
  PURGE_APIS.cloudflare({ zone: 'z1', token: 'secret-token', widen: false, endpoint: 'https://cf.example', ...over })
const fastly = (over = {}) =>
  PURGE_APIS.fastly({ service: 's1', token: 'secret-token', widen: false, endpoint: 'https://f.example', ...over })
const bunny = (over = {}) =>
  PURGE_APIS.bunny({ pullZone: 7, key: 'secret-key', widen: false, endpoint: 'https://b.example', ...over })
const google = (over = {}) =>
  PURGE_APIS.google({
    project: 'p1',
    urlMap: 'm1',
    serviceAccount: null,
    token: 'secret-token',
    widen: false,
    endpoint: 'https://g.example',
    ...over,
  })
const azure = (over = {}) =>
  PURGE_APIS.azure({
    subscription: UUID,
    resourceGroup: 'rg(1)',
    profile: 'p1',
    afdEndpoint: 'e1',
    tenant: UUID,
    clientId: UUID,
    clientSecret: 'secret & more',
    widen: false,
    endpoint: 'https://az.example',
    loginEndpoint: 'https://login.example',
    ...over,
  })

/** The calls of a plan, short: `POST url body`. */
function callsOf(api: PurgeApi, over: Partial<PurgeOrder>): string[] {
  return api
    .plan(order(over))
    .calls.map(({ method, url, body }) => `${method} ${url}${body === null ? '' : ` ${body}`}`)
}

function refusals(api: PurgeApi, over: Partial<PurgeOrder>): string[] {
  const { calls, unsupported } = api.plan(order(over))
  return [
    ...calls.map(({ asked }) => `calls ${asked}`),
    ...unsupported.map(({ asked, reason }) => `${asked}: ${reason}`),
  ]
}

const FILE = at('https://cdn.example/a/b.css?v=1')
const STAR = at('https://cdn.example/a*&<')
const FOLDER = at('https://cdn.example/a/', 'https://www.example.com/a/*')
const HALF = at('https://cdn.example/a/b', 'https://www.example.com/a/b*')
const ROOT = at('https://cdn.example/', 'all')

t.test('aws: signatures of the published test suite', async (t) => {
  const scope = { region: 'us-east-1', service: 'service' }
  const call = { method: 'GET', url: 'https://example.amazonaws.com/', headers: {}, body: null } as const
  const signature = (over = {}) =>
    signForAws({ ...call, ...over }, AWS, scope, NOW)
      .authorization!.split('=')
      .at(-1)
  t.equal(signature(), '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', 'get-vanilla')
  t.equal(
    signature({ method: 'POST' }),
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    'post-vanilla',
  )
  t.equal(
    signature({ url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1' }),
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    'get-vanilla-query-order-key-case',
  )
  const temporary = signForAws(call, { ...AWS, sessionToken: 'session' }, scope, NOW)
  t.equal(temporary['x-amz-security-token'], 'session')
  t.match(temporary.authorization, 'SignedHeaders=host;x-amz-date;x-amz-security-token')
})

t.test('cloudfront: paths, wildcards and tags in batches, each with a reference of its own', async (t) => {
  const [call, ...more] = cloudfront().plan(order({ urls: [FILE, STAR] })).calls
  t.same(more, [])
  t.equal(call!.url, 'https://cf.example/2020-05-31/distribution/E1/invalidation')
  t.equal(
    call!.body,
    '<?xml version="1.0" encoding="UTF-8"?><InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">' +
      '<Paths><Quantity>2</Quantity><Items><Path>/a/b.css?v=1</Path><Path>/a%2A&amp;&lt;</Path></Items></Paths>' +
      `<CallerReference>${ID}-0</CallerReference></InvalidationBatch>`,
  )
  const { authorization } = cloudfront().authorise(call!, { now: NOW, token: '' })
  t.match(
    authorization,
    'Credential=AKIDEXAMPLE/20150830/us-east-1/cloudfront/aws4_request, SignedHeaders=content-type;host;x-amz-date',
  )
  const batches = cloudfront().plan(order({ urls: manyUrls(3001), prefixes: [FOLDER, HALF] })).calls
  t.same(
    batches.map(({ body }) => [/<Quantity>(\d+)/.exec(body!)![1], /Reference>(?:\S{36})-(\d)/.exec(body!)![1]]),
    [
      ['3000', '0'],
      ['1', '1'],
      ['2', '2'],
    ],
  )
  t.match(batches[2]!.body, '<Path>/a/*</Path><Path>/a/b*</Path>')
  t.match(callsOf(cloudfront(), { roots: [ROOT] }), [/<Path>\/\*<\/Path>/])
  t.match(callsOf(cloudfront({ tags: true }), { tags: ['x'] }), [/<Path>#x<\/Path>/])
  t.same(refusals(cloudfront(), { tags: ['x'] }), [
    'tag x: the distribution reads no tags ("tags"); "widen" would purge everything there',
  ])
  t.same(cloudfront({ widen: true }).plan(order({ tags: ['x'] })).widened, ['tag x: everything there'])
  t.match(callsOf(cloudfront({ widen: true }), { tags: ['x'] }), [/<Path>\/\*<\/Path>/])
  t.same(refusals(cloudfront(), { roots: [ROOT], shared: true }), [
    'all: other sites are at this distribution; "widen" would purge those too',
  ])
})

t.test('cloudfront: what answers mean', async (t) => {
  const api = cloudfront()
  const [call] = api.plan(order({ urls: [FILE] })).calls
  const found = (status: string) =>
    answer(201, `<Invalidation><Id>I2J0I21PCUYOIK</Id><Status>${status}</Status></Invalidation>`)
  const url = 'https://cf.example/2020-05-31/distribution/E1/invalidation/I2J0I21PCUYOIK'
  t.match(api.classify(found('InProgress'), call!), { kind: 'accepted', progress: { method: 'GET', url } })
  t.same(api.classify(found('Completed'), call!), { kind: 'done' })
  const error = (code: string) =>
    `<ErrorResponse><Error><Code>${code}</Code><Message>secret</Message></Error></ErrorResponse>`
  t.same(api.classify(answer(400, error('TooManyInvalidationsInProgress')), call!), {
    kind: 'retry',
    reason: 'it answers 400 (TooManyInvalidationsInProgress)',
  })
  t.match(api.classify(answer(404, error('NoSuchDistribution')), call!), { kind: 'failed' })
  t.same(api.classify(answer(403, error('AccessDenied')), call!), {
    kind: 'failed',
    reason: 'the credentials are refused (403) (AccessDenied)',
  })
  t.match(api.classify(answer(503, 'busy'), call!), { kind: 'retry', reason: 'it answers 503' })
  t.match(api.classify(answer(200, '<html>'), call!), { kind: 'retry', reason: 'its answer makes no sense' })
})

t.test('cloudflare: files, prefixes and tags, a hundred a call', async (t) => {
  const url = 'POST https://cf.example/client/v4/zones/z1/purge_cache'
  t.same(callsOf(cloudflare(), { urls: [FILE], prefixes: [FOLDER], tags: ['x', 'y'], roots: [ROOT] }), [
    `${url} {"files":["https://cdn.example/a/b.css?v=1"]}`,
    `${url} {"prefixes":["cdn.example/a/","cdn.example/"]}`,
    `${url} {"tags":["x","y"]}`,
  ])
  t.same(
    cloudflare()
      .plan(order({ urls: manyUrls(250) }))
      .calls.map(({ body }) => JSON.parse(body!).files.length),
    [100, 100, 50],
  )
  t.same(callsOf(cloudflare({ widen: true }), { roots: [ROOT], urls: [FILE] }), [`${url} {"purge_everything":true}`])
  t.same(callsOf(cloudflare({ widen: true }), { prefixes: [HALF] }), [`${url} {"prefixes":["cdn.example/a/"]}`])
  t.same(refusals(cloudflare(), { prefixes: [HALF] }), [
    'https://www.example.com/a/b*: it purges whole folders only; "widen" would purge all of /a/',
  ])
  t.same(refusals(cloudflare(), { roots: [at('https://*.example.com/', 'all')] }), [
    'all: it has to be told each host, and those of *.example.com cannot be listed',
  ])
  t.same(cloudflare().authorise({} as never, { now: 0, token: '' }), { authorization: 'Bearer secret-token' })
  const api = cloudflare()
  t.same(api.classify(answer(200, { success: true, errors: [], result: { id: 'z1' } }), {} as never), { kind: 'done' })
  const failed = { success: false, errors: [{ code: 1094, message: 'secret' }] }
  t.same(api.classify(answer(200, failed), {} as never), { kind: 'failed', reason: 'it says that it did not (1094)' })
  t.same(api.classify(answer(429, failed), {} as never), { kind: 'retry', reason: 'it answers 429 (1094)' })
  t.match(api.classify(answer(200, 'null'), {} as never), { kind: 'retry' })
})

t.test('fastly: URLs one by one, keys 256 a call, softly where asked', async (t) => {
  t.same(callsOf(fastly(), { urls: [FILE], tags: ['x', 'y'], roots: [ROOT] }), [
    'POST https://f.example/service/s1/purge_all',
    'POST https://f.example/purge/cdn.example/a/b.css?v=1',
    'POST https://f.example/service/s1/purge {"surrogate_keys":["x","y"]}',
  ])
  const tags = Array.from({ length: 257 }, (_, index) => `t${index}`)
  const soft = fastly().plan(order({ urls: [FILE], tags, soft: true })).calls
  t.same(
    soft.map(({ headers }) => headers['fastly-soft-purge']),
    ['1', '1', '1'],
  )
  t.same(refusals(fastly(), { roots: [ROOT], soft: true }), [
    'all: all of a service has no soft purge; "widen" would purge it for good',
  ])
  t.same(refusals(fastly(), { roots: [ROOT], shared: true, prefixes: [FOLDER] }), [
    'https://www.example.com/a/*: it knows no prefixes; "widen" would purge everything of the service',
    'all: other sites are at this service; "widen" would purge those too',
  ])
  t.same(fastly({ widen: true }).plan(order({ prefixes: [FOLDER, HALF] })).calls.length, 1)
  t.same(fastly().authorise({} as never, { now: 0, token: '' }), { 'fastly-key': 'secret-token' })
  const api = fastly()
  t.same(api.classify(answer(200, { status: 'ok', id: '1-2' }), {} as never), { kind: 'done' })
  t.same(api.classify(answer(200, { x: '1-2', y: '1-3' }), {} as never), { kind: 'done' })
  t.match(api.classify(answer(200, { status: 'error' }), {} as never), { kind: 'failed' })
  t.match(api.classify(answer(200, 'ok'), {} as never), { kind: 'retry' })
  t.match(api.classify(answer(401, { msg: 'secret-token' }), {} as never), {
    kind: 'failed',
    reason: 'the credentials are refused (401)',
  })
})

t.test('bunny: exact URLs, wildcards, and the zone for tags and all', async (t) => {
  const purge = (url: string, more = '') =>
    `POST https://b.example/purge?url=${encodeURIComponent(url)}&async=false${more}`
  t.same(callsOf(bunny(), { urls: [FILE, STAR], prefixes: [HALF], tags: ['x'], roots: [ROOT] }), [
    purge('https://cdn.example/a/b.css?v=1', '&exactPath=true'),
    purge('https://cdn.example/a%2A&<', '&exactPath=true'),
    purge('https://cdn.example/a/b*'),
    'POST https://b.example/pullzone/7/purgeCache {"CacheTag":"x"}',
    'POST https://b.example/pullzone/7/purgeCache',
  ])
  t.same(callsOf(bunny(), { roots: [ROOT], shared: true }), [purge('https://cdn.example/*')])
  t.same(callsOf(bunny({ pullZone: null }), { roots: [ROOT] }), [purge('https://cdn.example/*')])
  t.same(refusals(bunny({ pullZone: null }), { tags: ['x'] }), ['tag x: tags need "pull_zone"'])
  t.same(bunny().authorise({} as never, { now: 0, token: '' }), { accesskey: 'secret-key' })
  t.same(bunny().classify(answer(204), {} as never), { kind: 'done' })
  t.match(bunny().classify(answer(500), {} as never), { kind: 'retry' })
})

t.test('google: paths without queries once each, folders, ten tags a call', async (t) => {
  const url =
    /^POST https:\/\/g\.example\/compute\/v1\/projects\/p1\/global\/urlMaps\/m1\/invalidateCache\?requestId=[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12} /
  const tags = Array.from({ length: 11 }, (_, index) => `t${index}`)
  const asked = { urls: [FILE, at('https://cdn.example/a/b.css?v=2')], prefixes: [FOLDER], roots: [ROOT], tags }
  const calls = callsOf(google(), asked)
  for (const call of calls) t.match(call, url)
  t.equal(new Set(calls.map((call) => call.slice(0, 130))).size, calls.length, 'each has an id of its own')
  t.same(callsOf(google(), asked), calls, 'which is the same when it is planned again')
  t.same(
    calls.map((call) => JSON.parse(call.replace(url, ''))),
    [
      { host: 'cdn.example', path: '/a/b.css' },
      { host: 'cdn.example', path: '/a/*' },
      { host: 'cdn.example', path: '/*' },
      { cacheTags: tags.slice(0, 10) },
      { cacheTags: tags.slice(10) },
    ],
  )
  t.match(refusals(google(), { prefixes: [HALF] }), [/whole folders only/])
  const api = google()
  const operations = 'https://g.example/compute/v1/projects/p1/global/operations/'
  t.match(api.classify(answer(200, { name: 'operation-1', status: 'PENDING' }), {} as never), {
    kind: 'accepted',
    progress: { method: 'GET', url: `${operations}operation-1` },
  })
  t.same(api.classify(answer(200, { name: 'operation-1', status: 'DONE' }), {} as never), { kind: 'done' })
  const error = { errors: [{ code: 'RESOURCE_NOT_READY', message: 'secret' }] }
  t.same(api.classify(answer(200, { name: 'operation-1', status: 'DONE', error }), {} as never), {
    kind: 'failed',
    reason: 'it did not (RESOURCE_NOT_READY)',
  })
  for (const name of ['../../secret', 7, '']) {
    t.match(api.classify(answer(200, { name, status: 'PENDING' }), {} as never), { kind: 'retry' })
  }
})

t.test('google: a service account signs for a token', async (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = {
    client_email: 'purger@p1.iam.gserviceaccount.com',
    private_key_id: 'k1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: 'https://oauth2.example/token',
  }
  const login = google({ serviceAccount: JSON.stringify(file), token: null }).login!
  const { url, body } = login.call(NOW)
  t.equal(url, 'https://oauth2.example/token')
  const form = new URLSearchParams(body!)
  t.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
  const [head, claim, signature] = form.get('assertion')!.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  t.same(read(head!), { alg: 'RS256', typ: 'JWT', kid: 'k1' })
  t.same(read(claim!), {
    iss: file.client_email,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    aud: file.token_uri,
    iat: NOW / 1000,
    exp: NOW / 1000 + 3600,
  })
  const bytes = Buffer.from(`${head}.${claim}`)
  t.ok(
    verify(
      'sha256',
      bytes,
      createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      Buffer.from(signature!, 'base64url'),
    ),
  )
  tokens(t, login)
})

t.test('azure: paths by domain, a hundred a call, and a token first', async (t) => {
  const url = `POST https://az.example/subscriptions/${UUID}/resourceGroups/rg(1)/providers/Microsoft.Cdn/profiles/p1/afdEndpoints/e1/purge?api-version=2023-05-01`
  t.same(callsOf(azure(), { urls: [FILE, at('https://other.example/c')], prefixes: [FOLDER], roots: [ROOT] }), [
    `${url} {"contentPaths":["/a/b.css","/a/*","/*"],"domains":["cdn.example"]}`,
    `${url} {"contentPaths":["/c"],"domains":["other.example"]}`,
  ])
  t.equal(callsOf(azure(), { urls: manyUrls(101) }).length, 2)
  t.same(refusals(azure(), { tags: ['x'] }), ['tag x: it knows no tags'])
  t.match(refusals(azure(), { prefixes: [HALF] }), [/whole folders only/])
  const { login } = azure()
  t.same(login!.call(NOW), {
    method: 'POST',
    url: `https://login.example/${UUID}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `grant_type=client_credentials&client_id=${UUID}&client_secret=secret+%26+more&scope=https%3A%2F%2Faz.example%2F.default`,
  })
  tokens(t, login!)
  t.same(azure().authorise({} as never, { now: 0, token: 'abc' }), { authorization: 'Bearer abc' })
})

t.test('azure: a purge that has begun is asked for its end, and only where the token is meant for', async (t) => {
  const api = azure()
  const [call] = api.plan(order({ urls: [FILE] })).calls
  const begun = (url: string, name = 'azure-asyncoperation') => api.classify(answer(202, '', { [name]: url }), call!)
  const progress = { method: 'GET', url: 'https://az.example/operations/1?t=2', headers: {}, body: null } as const
  t.same(begun(progress.url), { kind: 'accepted', progress })
  t.same(begun(progress.url, 'location'), { kind: 'accepted', progress })
  t.match(begun('https://evil.example/operations/1'), { kind: 'failed', reason: 'it tells of its progress elsewhere' })
  t.match(begun('http://az.example/operations/1'), { kind: 'failed' })
  t.match(begun('nonsense'), { kind: 'retry' })
  const look = (status: number, body: unknown = '') => api.classify(answer(status, body), progress)
  t.match(look(200, { status: 'InProgress' }), { kind: 'accepted' })
  t.match(look(202), { kind: 'accepted' })
  t.match(look(200, { status: 'Succeeded' }), { kind: 'done' })
  t.match(look(200, { status: 'Failed' }), { kind: 'failed' })
  t.match(look(404, { error: { code: 'ResourceNotFound' } }), {
    kind: 'failed',
    reason: 'it answers 404 (ResourceNotFound)',
  })
  t.match(api.classify(answer(200), call!), { kind: 'done' })
})

t.test('who knows no soft purge does not purge, or hard where it may widen', async (t) => {
  for (const make of [cloudfront, cloudflare, bunny, google, azure]) {
    const asked = { urls: [FILE], soft: true }
    t.same(refusals(make(), asked), [
      'https://cdn.example/a/b.css?v=1: it has no soft purge; "widen" would make it a hard one',
    ])
    const wide = make({ widen: true }).plan(order(asked))
    t.equal(wide.calls.length, 1)
    t.same(wide.widened, ['soft: what is stored is removed'])
  }
})

t.test('an api that is printed shows no secret', async (t) => {
  for (const make of [cloudfront, cloudflare, fastly, bunny, google, azure]) {
    const api = make()
    t.notMatch(JSON.stringify(api) + JSON.stringify(api.plan(order({ urls: [FILE], tags: ['x'] }))), /secret|wJalr/)
  }
})

function tokens(t: Test, login: NonNullable<PurgeApi['login']>): void {
  t.same(login.read(answer(200, { access_token: 'abc', expires_in: 3599 })), { token: 'abc', lifetime: 3_599_000 })
  t.same(login.read(answer(200, { access_token: 'abc', expires_in: 'soon' })), { token: 'abc', lifetime: 300_000 })
  t.match(login.read(answer(200, { access_token: 'a\r\nb' })), { kind: 'retry' }, 'no header is split')
  t.match(login.read(answer(200, '[]')), { kind: 'retry' })
  t.match(login.read(answer(503)), { kind: 'retry', reason: 'the token server answers 503' })
  t.same(login.read(answer(400, { error: 'invalid_grant', error_description: 'secret' })), {
    kind: 'failed',
    reason: 'the token server refuses the credentials (400) (invalid_grant)',
  })
}
