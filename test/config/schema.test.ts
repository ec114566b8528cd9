import t from 'tap'
import { expectProblems, problemsOf, SITE } from './problems-of.ts'

/** A CDN that is used, with more keys. */
const cdn = (more: string) =>
  `${SITE.replace('{ mode: origin }', '{ cdns: [a] }')}cdns:\n  - { name: a, provider: http, url: https://a.example, ${more} }\n`
/** A policy that is used, with more keys. */
const policy = (more: string) => SITE.replace('{ mode: origin }', `{ mode: origin, ${more} }`)

const RETRY_ON =
  'one of connect-failure, reset, response-timeout, corrupt, a status or a range of statuses from 400 to 599'

t.test('wrong types say what was expected and what came', async (t) => {
  const cases: [string, string][] = [
    [`${SITE}log: §3\n`, 'log: expected a map, got 3'],
    [`${SITE}log:§\n`, 'log: expected a map, got nothing'],
    [`${SITE}listen: §{}\n`, 'listen: expected a list, got a map'],
    [`${SITE}listen: §[]\n`, 'listen: expected at least 1 in this list'],
    [`${SITE}listen: [§{}]\n`, 'listen[0]: needs "address"'],
    [`${SITE}version: §two\n`, 'version: expected 1, got "two"'],
    [`${SITE}log: { access: §yes }\n`, 'log.access: expected true or false, got "yes"'],
    [`${SITE}limits: { header_count: §1.5 }\n`, 'limits.header_count: expected a whole number, got 1.5'],
    [`${SITE}limits: { connections: §0 }\n`, 'limits.connections: must be at least 1, got 0'],
    [
      `${SITE}limits: { headers: §10 KB }\n`,
      'limits.headers: expected a size such as 64KiB, 10MiB, 1GiB or a number of bytes, got "10 KB"',
    ],
    [`${SITE}limits: { headers: §1GiB }\n`, 'limits.headers: must be from 1KiB to 1MiB, got "1GiB"'],
    [
      `${SITE}limits: { header_timeout: §10 }\n`,
      'limits.header_timeout: expected a duration such as 500ms, 10s, 5m or 1h, got 10',
    ],
    [`${SITE}limits: { header_timeout: §1000h }\n`, 'limits.header_timeout: must be from 100ms to 500h, got "1000h"'],
    [
      `${SITE}log: { level: §wran }\n`,
      'log.level: expected one of debug, info, warn, error, got "wran"; did you mean "warn"?',
    ],
    [
      `${SITE}admin: { token: §short }\n`,
      'admin.token: expected a token of visible ASCII characters, at least 8 of them, or null',
    ],
    [
      `${SITE}trusted_proxies: [§10.0.0.1/8]\n`,
      'trusted_proxies[0]: "10.0.0.1/8" has bits set after the prefix; did you mean 10.0.0.0/8?',
    ],
    [
      `${SITE}geoip: { overrides: { §10.0.0/8: FRA } }\n`,
      'geoip.overrides["10.0.0/8"]: "10.0.0/8" is not a network: "10.0.0" is not an IP address',
    ],
    [
      `${SITE}geoip: { overrides: { 10.0.0.0/8: §FRQ } }\n`,
      'geoip.overrides["10.0.0.0/8"]: unknown metro code, got "FRQ"; did you mean "FRA"?',
    ],
    [
      `${SITE}gateway: { location: §[1, 2] }\n`,
      'gateway.location: expected a metro code such as FRA, or { latitude: …, longitude: … }, got a list',
    ],
    [
      `${SITE}gateway: { location: { latitude: §91, longitude: 0 } }\n`,
      'gateway.location.latitude: must be at most 90, got 91',
    ],
    [`${SITE}workers: §0\n`, 'workers: must be at least 1, got 0'],
    [`${SITE}workers: §many\n`, 'workers: expected auto, or a number of processes, got "many"'],
    [`${SITE}state_dir: §""\n`, 'state_dir: expected the path of a file, got ""'],
    [
      cdn('health_check: { expected_sha256: §abc }'),
      'cdns[0].health_check.expected_sha256: expected a SHA-256 of 64 hexadecimal digits, got "abc"',
    ],
    [
      SITE.replace('] } }', '], circuit_breaker: { max_requests: §0 } } }'),
      'sites[0].origin.circuit_breaker.max_requests: must be at least 1, got 0',
    ],
    [policy('retry: { budget_percent: §101 }'), 'policies.default.retry.budget_percent: must be at most 100, got 101'],
    [
      policy('hedge: { after: §p99 }'),
      'policies.default.hedge.after: expected p95, or a duration such as 500ms, got "p99"',
    ],
    [policy('hedge: { after: §2m }'), 'policies.default.hedge.after: must be from 1ms to 60s, got "2m"'],
    [
      policy('outlier_detection: { interval: §2m }'),
      'policies.default.outlier_detection.interval: must be from 1s to 60s, got "2m"',
    ],
    [policy('panic_threshold: §-1'), 'policies.default.panic_threshold: must be at least 0, got -1'],
    [
      policy('resume: { require: §weak }'),
      'policies.default.resume.require: expected one of strong-etag, manifest, length-and-date, got "weak"',
    ],
    [
      policy('compress: { encodings: [br, §deflate] }'),
      'policies.default.compress.encodings[1]: expected one of br, gzip, zstd, got "deflate"',
    ],
    [
      policy('compress: { types: [text/*, §text] }'),
      'policies.default.compress.types[1]: expected a media type such as text/html or text/*, got "text"',
    ],
    [
      policy('compress: { min_size: §1KB }'),
      'policies.default.compress.min_size: expected a size such as 64KiB, 10MiB, 1GiB or a number of bytes, got "1KB"',
    ],
    [cdn('bias: §-100'), 'cdns[0].bias: must be at least -99, got -100'],
    [cdn('weight: §-1'), 'cdns[0].weight: must be at least 0, got -1'],
    [
      cdn('path_template: §/x'),
      'cdns[0].path_template: a path template contains {path}, or else {ref}, exactly once, got "/x"',
    ],
    [
      cdn('headers: { request: { set: { §Connection: x } } }'),
      'cdns[0].headers.request.set.Connection: this header belongs to the connection and cannot be changed',
    ],
    [
      cdn('headers: { response: { set: { X-A: §"a\\nb" } } }'),
      'cdns[0].headers.response.set.X-A: expected a header value: a string without line breaks or outer spaces, got "a\\nb"',
    ],
    [
      cdn('headers: { response: { remove: [§Host] } }'),
      'cdns[0].headers.response.remove[0]: the Host header is set by host_header, got "Host"',
    ],
    [
      policy('retry: { on: [§reste] }'),
      `policies.default.retry.on[0]: expected ${RETRY_ON}, got "reste"; did you mean "reset"?`,
    ],
    [policy('retry: { on: [§200-299] }'), `policies.default.retry.on[0]: expected ${RETRY_ON}, got "200-299"`],
    [policy('redirect: { status: §301 }'), 'policies.default.redirect.status: expected one of 302, 307, got 301'],
    [policy('tie_threshold: §500'), 'policies.default.tie_threshold: expected a distance such as 500km, got 500'],
    [
      SITE.replace('default:', '§"a b": { mode: origin }, default:'),
      'policies["a b"]: a policy is named with letters, digits, dots, hyphens and underscores',
    ],
  ]
  for (const [text, expected] of cases) {
    expectProblems(t, text, [expected])
  }
})

t.test('several problems in one value', async (t) => {
  expectProblems(t, `${SITE}gateway: { location: §{ latitude: 9, §longtude: 0 } }\n`, [
    'gateway.location: needs "longitude"',
    'gateway.location.longtude: unknown key "longtude"; did you mean "longitude"?',
  ])
  expectProblems(t, `${SITE}cdns: [§§{}]\n`, ['cdns[0]: needs "name"', 'cdns[0]: needs "provider"'])
})

t.test('unknown keys stand at the key and suggest the nearest', async (t) => {
  expectProblems(t, cdn('§healthcheck: { path: / }'), [
    'cdns[0].healthcheck: unknown key "healthcheck"; did you mean "health_check"?',
  ])
  expectProblems(t, `${SITE}§zzz: 1\n`, ['zzz: unknown key "zzz"'])
})

t.test('what is not built yet is known, accepted when off, refused otherwise', async (t) => {
  const off = [
    `${SITE}listen: [{ address: ":1", https_redirect: false, proxy_protocol: false, tls: null }]\n`,
    `${SITE}otel: { endpoint: null }\ncache: { disk: { path: null } }\n`,
    `${SITE}geoip: { asn_database: null }\n`,
    cdn('pricing: {}, commit: null, max_mbps: null, signing: null, purge: null'),
    cdn('pricing: { per_gb: 0, per_10k_requests: 0 }'),
    policy('affinity: none, verify: off'),
    policy('cache: { enabled: false }'),
    policy('tie_breakers: [weight], strategy: failover, verify: when-possible'),
    policy('verify: required, resume: { require: manifest }'),
    SITE.replace('origin:', 'content: { complete: false }, manifest: null, origin:'),
    SITE.replace(
      'origin:',
      'routes: [{ policy: default, match: { countries: [], continents: [], asns: [] } }], origin:',
    ),
  ]
  for (const text of off) t.strictSame(problemsOf(text), [], text)
  const on: [string, string][] = [[`${SITE}otel: { endpoint: "http://127.0.0.1:4318" }\n`, 'otel.endpoint']]
  for (const [text, path] of on) {
    const problems = problemsOf(text)
    t.equal(problems.length, 1, problems.join('\n'))
    t.match(problems[0]?.replace(/^c\.yaml:\d+:\d+: /, ''), `${path}: not supported yet; `)
  }
  expectProblems(t, cdn('drain: true').replace('provider: http', 'provider: §htp'), [
    'cdns[0].provider: expected one of http, ipfs, arweave, swarm, walrus, filecoin, theta, meson, storj, nkn, got "htp"; did you mean "http"?',
  ])
})
