import { createHash } from 'node:crypto'
import t from 'tap'
import { compile, type NamedFile } from '../../src/config/compile.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { Snapshot } from '../../src/config/snapshot.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { metro } from '../../src/geo/metros.ts'

function snapshotOf(text: string, files: Record<string, NamedFile> = {}): Snapshot {
  const parsed = parseConfig(text, 'c.yaml', {})
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems, null, 2))
  return compile(parsed.config, {
    id: 'abc',
    files: new Map(Object.entries(files)),
    database: null,
    asnDatabase: null,
    stateDir: null,
    folder: '/etc/polycdn',
  })
}

const BASE = `
gateway: { location: IAD, loop_id: edge-1 }
geoip: { overrides: { 10.0.0.0/8: FRA, 10.1.0.0/16: { latitude: 1, longitude: 2 } }, default_location: SIN }
cdns:
  - { name: a, provider: http, url: "https://A.example.com/base/", locations: [fra, { latitude: 1, longitude: 2 }], bias: 5 }
  - name: b
    provider: http
    host_header: www.example.com:8443
    endpoints:
      - { url: "https://b1.example:9443", location: IAD }
      - { url: http://b2.example, location: auto }
      - { url: "https://[::1]", locations: [] }
sites:
  - name: www
    hosts: [WWW.Example.com, "*.Bücher.example", "*"]
    origin: { urls: [https://origin.example.com/x], headers: { request: { set: { X-A: "1", x-a: "2" }, remove: [X-B] } } }
    unsafe_methods: b
    cdns: { a: { host_header: preserve, path_template: "/v1/{path}" } }
    routes:
      - match: { path: /assets/*, methods: [GET], networks: [192.0.2.0/24], headers: { Accept: image/* } }
        policy: default
      - { name: go, policy: redirects }
      - { policy: direct, match: { methods: [TRACE] } }
policies:
  default: { cdns: [a, b], tie_threshold: 100km }
  redirects: { extends: default, mode: redirect, redirect: { max_age: 1m } }
  direct: { mode: origin }
`

t.test('endpoints as a site sees them', async (t) => {
  const { sites, endpoints } = snapshotOf(BASE)
  const [a, b1, b2, b3] = sites[0]!.routes[0]!.endpoints
  t.match(a, {
    cdnName: 'a',
    url: 'https://A.example.com/base',
    origin: 'https://a.example.com',
    basePath: '/base',
    pathTemplate: '/v1{path}',
    hostHeader: null,
    tls: { serverName: null, verify: true, ca: null, clientCertificate: null },
    locations: [metro('FRA'), { latitude: 1, longitude: 2 }],
    locationAuto: false,
    allowPrivate: true,
  })
  t.match(b1, {
    origin: 'https://b1.example:9443',
    basePath: '',
    pathTemplate: '{path}',
    hostHeader: 'www.example.com:8443',
    tls: { serverName: 'www.example.com' },
    locations: [metro('IAD')],
  })
  t.match(b2, { tls: null, locationAuto: true, locations: [] })
  t.match(b3, { origin: 'https://[::1]', locations: [], locationAuto: false })
  t.strictSame(sites[0]!.unsafeEndpoints, [b1, b2, b3])
  t.equal(sites[0]!.routes[1]!.endpoints[0], a, 'shared between routes')
  const origin = sites[0]!.origin!.endpoints[0]!
  t.match(origin, { cdnName: 'origin', cdn: null, hostHeader: null, basePath: '/x', tls: { serverName: null } })
  t.strictSame(new Set(endpoints), new Set([origin, a, b1, b2, b3]))
  t.equal(new Set(endpoints.map(({ key }) => key)).size, 5)
})

t.test('keys differ when dialling differs, and are equal otherwise', async (t) => {
  const pem = { text: 'PEM', hash: 'h1' }
  const keyOf = (cdn: string, files: Record<string, NamedFile> = {}) =>
    snapshotOf(
      `cdns: [{ provider: http, ${cdn} }]\nsites: [{ name: s, hosts: [h], routes: [{ policy: p }] }]\npolicies: { p: { cdns: [a] } }`,
      files,
    ).endpoints[0]!.key
  const base = 'name: a, url: "https://x.example"'
  const keys = [
    keyOf(base),
    keyOf('name: a, url: "https://x.example:444"'),
    keyOf('name: a, url: "https://x.example/b"'),
    keyOf('name: a, url: "http://x.example"'),
    keyOf(`${base}, host_header: y.example`),
    keyOf(`${base}, host_header: preserve`),
    keyOf(`${base}, path_template: "/z{path}"`),
    keyOf(`${base}, tls: { verify: false }`),
    keyOf(`${base}, tls: { server_name: z.example }`),
    keyOf(`${base}, tls: { ca_file: ca.pem }`, { 'ca.pem': pem }),
    keyOf(`${base}, tls: { ca_file: ca.pem }`, { 'ca.pem': { text: 'PEM2', hash: 'h2' } }),
    keyOf(`${base}, tls: { client_certificate: { cert_file: c.pem, key_file: k.pem } }`, {
      'c.pem': pem,
      'k.pem': { text: 'KEY', hash: 'h3' },
    }),
    keyOf(`${base}, trust: false`),
  ]
  t.equal(new Set(keys).size, keys.length, keys.join('\n'))
  t.equal(keyOf(`${base}, weight: 5, locations: [FRA], drain: true`), keys[0])
  t.equal(keyOf(`${base}, trust: false, allow_private: true`), keys[0])
  t.equal(keyOf('name: a, url: "https://X.example:443/"'), keys[0])
  t.equal(keyOf(`${base}, tls: { ca_file: other.pem }`, { 'other.pem': pem }), keys[9], 'contents count, not names')
})

t.test('TLS material is read from the files that were handed in', async (t) => {
  const text = `cdns: [{ name: a, provider: http, url: "https://x.example", tls: { ca_file: ca.pem, server_name: S.example, client_certificate: { cert_file: c.pem, key_file: k.pem } } }]
sites: [{ name: s, hosts: [h], routes: [{ policy: p }] }]
policies: { p: { cdns: [a] } }`
  const file = (text: string) => ({ text, hash: text })
  const { endpoints } = snapshotOf(text, { 'ca.pem': file('CA'), 'c.pem': file('C'), 'k.pem': file('K') })
  t.strictSame(endpoints[0]!.tls, {
    serverName: 's.example',
    verify: true,
    ca: 'CA',
    clientCertificate: { cert: 'C', key: 'K' },
  })
})

t.test('sites, routes and policies', async (t) => {
  const { sites, policies, cdns, gateway, geoip, admin, listen } = snapshotOf(BASE)
  const site = sites[0]!
  t.strictSame(site.hosts, ['www.example.com', '*.xn--bcher-kva.example', '*'])
  t.strictSame(site.origin!.headers.request, { set: [['x-a', '2']], remove: ['x-b'] })
  t.equal(site.origin!.timeout, 60_000)
  const [assets, go, direct] = site.routes
  t.equal(assets!.name, 'routes[0]')
  t.equal(go!.name, 'go')
  t.ok(assets!.match.path?.test('/assets/a.js'))
  t.strictSame(assets!.match.methods, new Set(['GET']))
  t.ok(assets!.match.networks?.match(parseAddress('192.0.2.9')!))
  t.equal(assets!.match.headers[0]![0], 'accept')
  t.strictSame(go!.match, {
    path: null,
    methods: null,
    countries: null,
    continents: null,
    asns: null,
    networks: null,
    headers: [],
  })
  t.strictSame(direct!.endpoints, [])
  t.match(go!.policy, { mode: 'redirect', redirect: { status: 302, maxAge: 60_000 }, tieThreshold: 100 })
  t.ok(assets!.policy.retry.onStatus.has(523))
  t.ok(assets!.policy.retry.on.has('reset'))
  t.equal(policies.length, 3)
  t.match(cdns[0], { name: 'a', trust: true, allowPrivate: false, bias: 5, healthCheck: null, redirectHosts: [] })
  t.strictSame(gateway, { location: metro('IAD'), loopId: 'edge-1' })
  t.strictSame(geoip.overrides.match(parseAddress('10.1.2.3')!)?.value, { latitude: 1, longitude: 2 })
  t.strictSame(geoip.overrides.match(parseAddress('10.2.2.3')!)?.value, metro('FRA'))
  t.strictSame(geoip.defaultLocation, metro('SIN'))
  t.strictSame(admin, { host: '127.0.0.1', port: 9901, token: null })
  t.strictSame(listen, [
    { host: '0.0.0.0', port: 8080, httpsRedirect: null, tls: null, h2c: false, proxyProtocol: false },
  ])
})

t.test('where distances are measured from', async (t) => {
  const { sites } = snapshotOf(BASE)
  const [assets, go] = sites[0]!.routes
  t.strictSame(assets!.geometry.measuredFrom, metro('IAD'), 'auto: the gateway in proxy mode')
  t.equal(go!.geometry.measuredFrom, null, 'always the client in redirect mode')
  t.equal(assets!.geometry.anycastDistance, 100)
  t.strictSame(
    assets!.geometry.points.map(({ bias }) => bias),
    [5, 0, 0, 0],
  )
  const client = snapshotOf(BASE.replace('tie_threshold', 'measure_from: client, tie_threshold'))
  t.equal(client.sites[0]!.routes[0]!.geometry.measuredFrom, null)
  const unplaced = snapshotOf(BASE.replace('location: IAD, loop', 'loop'))
  t.equal(unplaced.sites[0]!.routes[0]!.geometry.measuredFrom, null)
})

t.test('a snapshot is frozen all the way down', async (t) => {
  const snapshot = snapshotOf(BASE)
  const open: string[] = []
  const visit = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) return
    const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
    if (plain && !Object.isFrozen(value)) open.push(path)
    if (plain) for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`)
  }
  visit(snapshot, 'snapshot')
  t.strictSame(open, [])
})

t.test('a hundred sites share three accounts', async (t) => {
  const names = ['cloudfront', 'fastly', 'bunny']
  const sites = Array.from({ length: 100 }, (_, at) => {
    const own = names.map((name) => `${name}: { url: "https://s${at}.${name}.example", host_header: s${at}.example }`)
    return `  - { name: s${at}, hosts: [s${at}.example], origin: { urls: [https://o.example] }, cdns: { ${own.join(', ')} } }`
  })
  const text = `cdns:
${names.map((name) => `  - { name: ${name}, provider: http, url: "https://${name}.example", locations: [FRA, IAD] }`).join('\n')}
sites:
${sites.join('\n')}
policies: { default: { cdns: [${names.join(', ')}] } }
`
  const snapshot = snapshotOf(text)
  t.equal(snapshot.endpoints.filter(({ cdn }) => cdn !== null).length, 300)
  t.equal(snapshot.endpoints.filter(({ cdn }) => cdn === null).length, 1, 'one origin, shared')
  t.equal(new Set(snapshot.sites.flatMap(({ routes }) => routes.map(({ geometry }) => geometry))).size, 1)
  t.equal(new Set(snapshot.sites.flatMap(({ routes }) => routes.map(({ policy }) => policy))).size, 1)
  t.equal(snapshot.sites[7]!.routes[0]!.endpoints[1]!.hostHeader, 's7.example')
})

t.test('failover: the defaults are those of the reference', async (t) => {
  const { sites, policies, cdns, workers, stateDir } = snapshotOf(
    BASE.replace('name: a,', 'name: a, health_check: { path: / },'),
  )
  t.equal(workers, 'auto')
  t.equal(stateDir, null)
  t.equal(sites[0]!.origin!.maxRequests, 256)
  t.equal(cdns[0]!.healthCheck!.expectedSha256, null)
  const policy = policies.find(({ name }) => name === 'default')!
  t.match(policy.retry, { budgetPercent: 20, budgetPerSecond: 10 })
  t.strictSame(policy.hedge, { enabled: false, after: 'p95', minDelay: 500, maxExtraPercent: 1 })
  t.strictSame(policy.outlier, {
    consecutiveFailures: 5,
    failurePercent: 50,
    minRequests: 20,
    interval: 10_000,
    baseEjection: 30_000,
    maxEjection: 300_000,
    maxEjectionPercent: 100,
  })
  t.equal(policy.maxRequests, 1024)
  t.equal(policy.panicThreshold, 0)
  t.equal(policy.slowStart, 10_000)
  t.strictSame(policy.resume, { enabled: true, require: 'strong-etag' })
  t.equal(policy.rateLimit, null)
})

t.test('limits of requests', async (t) => {
  const table: [written: string, compiled: object | null][] = [
    ['null', null],
    ['{ requests_per_second: 2.5 }', { requestsPerSecond: 2.5, burst: 3, by: 'client-address' }],
    [
      '{ requests_per_second: 100, burst: 0, by: client-network }',
      { requestsPerSecond: 100, burst: 0, by: 'client-network' },
    ],
  ]
  for (const [written, compiled] of table) {
    const { policies, limits } = snapshotOf(BASE.replace('tie_threshold', `rate_limit: ${written}, tie_threshold`))
    const found = policies.find(({ rateLimit }) => rateLimit !== null)?.rateLimit ?? null
    t.strictSame(found, compiled, written)
    t.match(limits, { sendTimeout: 60_000, bodyMinRate: 240 })
  }
})

t.test('compression: on by default, off without codings', async (t) => {
  const compressOf = (written: string) => {
    const { policies } = snapshotOf(BASE.replace('tie_threshold', `${written}tie_threshold`))
    return policies.find(({ name }) => name === 'redirects')!.compress
  }
  const standard = compressOf('')!
  t.match(standard, { encodings: ['br', 'gzip'], minSize: 1024 })
  for (const type of ['text/html', 'application/json', 'application/javascript', 'image/svg+xml'])
    t.equal(standard.types.has(type), true, type)
  t.equal(standard.types.has('image/png'), false)
  t.equal(compressOf('compress: { encodings: [] }, '), null)
  t.equal(compressOf('compress: { types: [] }, '), null)
  const chosen = compressOf('compress: { encodings: [zstd, br, zstd], types: [font/ttf], min_size: 0B }, ')!
  t.match(chosen, { encodings: ['zstd', 'br'], minSize: 0 })
  t.equal(chosen.types.has('text/html'), false)
})

t.test('failover: what is written takes the place of the defaults', async (t) => {
  const settings = `retry: { budget_percent: 5, budget_per_second: 0.5 }, hedge: { enabled: true, after: 250ms, min_delay: 1s, max_extra_percent: 2 },
    outlier_detection: { failure_percent: 0, min_requests: 7, interval: 20s, base_ejection: 10m, max_ejection_percent: 34 },
    circuit_breaker: { max_requests: 9 }, panic_threshold: 25, slow_start: 0s, resume: { enabled: false, require: length-and-date }, tie_threshold`
  const sha = 'AB'.repeat(32)
  const { sites, policies, cdns, workers } = snapshotOf(
    `workers: 4\n${BASE}`
      .replace('tie_threshold', settings)
      .replace('name: a,', `name: a, health_check: { path: /, expected_sha256: ${sha} },`)
      .replace('origin.example.com/x],', 'origin.example.com/x], circuit_breaker: { max_requests: 3 },'),
  )
  t.equal(workers, 4)
  t.equal(sites[0]!.origin!.maxRequests, 3)
  t.equal(cdns[0]!.healthCheck!.expectedSha256, sha.toLowerCase())
  t.match(
    policies.find(({ name }) => name === 'redirects'),
    {
      retry: { attempts: 3, budgetPercent: 5, budgetPerSecond: 0.5 },
      hedge: { enabled: true, after: 250, minDelay: 1000, maxExtraPercent: 2 },
      outlier: {
        failurePercent: 0,
        minRequests: 7,
        interval: 20_000,
        baseEjection: 600_000,
        maxEjection: 600_000,
        maxEjectionPercent: 34,
      },
      maxRequests: 9,
      panicThreshold: 25,
      slowStart: 0,
      resume: { enabled: false, require: 'length-and-date' },
    },
  )
})

t.test('who may stand inside, and whose redirects are followed', async (t) => {
  const { endpoints } = snapshotOf(`cdns:
  - { name: a, provider: http, url: "https://a.example", trust: false, redirect_hosts: [M.Example, "*.b.example:8443"] }
  - { name: b, provider: http, url: "https://b.example", trust: false, allow_private: true }
  - { name: c, provider: http, url: "https://c.example" }
sites: [{ name: s, hosts: [h], origin: { urls: ["http://o.example"] }, routes: [{ policy: p }] }]
policies: { p: { cdns: [a, b, c] } }`)
  const allowed = Object.fromEntries(endpoints.map(({ cdnName, allowPrivate }) => [cdnName, allowPrivate]))
  t.strictSame(allowed, { a: false, b: true, c: true, origin: true })
  const a = endpoints.find(({ cdnName }) => cdnName === 'a')!
  t.strictSame(a.cdn!.redirectHosts, ['m.example', '*.b.example:8443'])
})

t.test('gateways of IPFS are probed for the empty block, and otherwise as the configuration says', async (t) => {
  const check = (text: string) => {
    const { path, expectedSha256 } = snapshotOf(
      BASE.replace('name: a,', `name: a, health_check: { ${text} },`).replace('provider: http', 'provider: ipfs'),
    ).cdns[0]!.healthCheck!
    return `${path} ${expectedSha256}`
  }
  const nothing = createHash('sha256').digest('hex')
  t.equal(check(''), `/ipfs/bafkqaaa?format=raw ${nothing}`)
  t.equal(check('path: /up'), '/up null')
  t.equal(check(`path: /ipfs/bafy, expected_sha256: ${'ab'.repeat(32)}`), `/ipfs/bafy ${'ab'.repeat(32)}`)
})
