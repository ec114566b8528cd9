// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import t from 'tap'
import { checkCompress } from '../../src/config/check/compress.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { ProblemList } from '../../src/config/problem-list.ts'
import type { Located } from '../../src/config/tree.ts'
import { expectProblems, problemsOf, SITE } from './problems-of.ts'

const CDNS = `cdns:
  - { name: alpha, provider: http, url: https://a.example }
  - name: beta
    provider: http
    endpoints: [{ url: https://b1.example }, { url: https://b2.example }]
`
const POLICIES = 'policies: { default: { cdns: [alpha, beta] } }\n'
const ORIGIN = 'origin: { urls: [https://o.example] }'
/** A right configuration, with more keys in its site. */
const site = (more = '') =>
  `${CDNS}${POLICIES}sites:\n  - { name: www, hosts: [www.example.com], ${ORIGIN}${more === '' ? '' : `, ${more}`} }\n`
/** The same with one piece replaced. */
const but = (piece: string, other: string, more = '') => site(more).replace(piece, () => other)

t.test('the base of these tests is right', async (t) => {
  expectProblems(t, site(), [])
})

t.test('dangling names', async (t) => {
  expectProblems(t, site('cdns: { §alfa: {} }'), ['sites[0].cdns.alfa: no CDN is named "alfa"; did you mean "alpha"?'])
  expectProblems(t, site('unsafe_methods: §betta'), [
    'sites[0].unsafe_methods: no CDN is named "betta"; did you mean "beta"?',
  ])
  expectProblems(t, site('routes: [{ policy: §defualt }]'), [
    'sites[0].routes[0].policy: no policy is named "defualt"; did you mean "default"?',
  ])
  expectProblems(t, but('[alpha, beta]', '[alpha, beta, §unlike]'), [
    'policies.default.cdns[2]: no CDN is named "unlike"',
  ])
  expectProblems(t, but('cdns: [alpha', 'extends: §defalt, cdns: [alpha'), [
    'policies.default.extends: no policy is named "defalt"; did you mean "default"?',
  ])
  expectProblems(t, but('default: {', 'other: {').replace('- { name: www', '- §{ name: www'), [
    'sites[0]: a site without routes follows the policy "default", and there is none',
  ])
})

t.test('a dangling name is found next to other problems', async (t) => {
  expectProblems(t, but('url: https://a.example', 'url: §nonsense', 'unsafe_methods: §betta'), [
    'cdns[0].url: expected a URL such as https://cdn.example.net, got "nonsense"',
    'sites[0].unsafe_methods: no CDN is named "betta"; did you mean "beta"?',
  ])
})

t.test('extends', async (t) => {
  const text = (policies: string) => `${but(POLICIES, '')}policies:\n${policies}`
  // What is inherited is reported where it is written, once.
  expectProblems(
    t,
    text('  default: { extends: base }\n  base: { cdns: [alpha, beta], retry: { attempts: §none } }\n'),
    ['policies.base.retry.attempts: expected a number, got "none"'],
  )
  expectProblems(t, text('  default: { extends: base, cdns: [alpha, beta] }\n  base: { retry: { attempts: 2 } }\n'), [])
  expectProblems(
    t,
    text('  default: { extends: b, cdns: [alpha, beta] }\n  b: { extends: c }\n  c: { extends: §b }\n'),
    ['policies.c.extends: a policy cannot extend itself: b → c → b'],
  )
  expectProblems(t, text('  default: { extends: §default, cdns: [alpha, beta] }\n'), [
    'policies.default.extends: a policy cannot extend itself: default → default',
  ])
  const chain = Array.from({ length: 40 }, (_, at) => `  p${at}: { mode: origin, extends: p${at + 1} }\n`).join('')
  t.match(
    problemsOf(text(`  default: { cdns: [alpha, beta] }\n${chain}  p40: { mode: origin }\n`))[0],
    /policies extend each other more than 32 times/,
  )
})

t.test('names that stand twice', async (t) => {
  expectProblems(t, but('name: beta', 'name: §alpha').replace(', beta]', ']'), [
    'cdns[1].name: another CDN is named "alpha", on line 2',
  ])
  expectProblems(t, `${site()}  - { name: §www, hosts: [§WWW.Example.com., "*"], ${ORIGIN} }\n`, [
    'sites[1].name: another site is named "www", on line 8',
    'sites[1].hosts[0]: "WWW.Example.com." is taken by sites[0].hosts[0] already',
  ])
  expectProblems(t, but('[alpha, beta]', '[alpha, beta, §alpha]'), [
    'policies.default.cdns[2]: this CDN stands here already',
  ])
  expectProblems(t, but('https://b2.example', '§https://b1.example/'), [
    'cdns[1].endpoints[1].url: this URL stands here already',
  ])
  expectProblems(
    t,
    site('routes: [{ name: a, policy: default, match: { path: /x } }, { name: §a, policy: default }]'),
    ['sites[0].routes[1].name: another route of this site is named "a", on line 8'],
  )
  expectProblems(t, but('name: beta', 'name: §origin').replace(', beta]', ', origin]'), [
    'cdns[1].name: "origin" is no name for a CDN',
  ])
})

t.test('addresses that stand twice', async (t) => {
  expectProblems(t, `${SITE}listen: [{ address: ":80" }, { address: §0.0.0.0:80 }]\n`, [
    'listen[1].address: "0.0.0.0:80" is taken by listen[0].address already',
  ])
  expectProblems(t, `${SITE}listen: [{ address: 127.0.0.1:80 }]\nadmin: { address: §127.0.0.1:80 }\n`, [
    'admin.address: "127.0.0.1:80" is taken by listen[0].address already',
  ])
  expectProblems(t, `${SITE}listen: [{ address: 127.0.0.1:0 }, { address: 127.0.0.1:0 }]\n`, [])
})

t.test('the admin address', async (t) => {
  const admin = (text: string) => `${SITE}admin: { address: ${text} }\n`
  const needs = ['admin.address: an admin address that other machines can reach needs admin.token']
  expectProblems(t, admin('§"0.0.0.0:9901"'), needs)
  expectProblems(t, admin('§":9901", token: "${TOKEN:-}"'), needs)
  expectProblems(t, admin('"[::]:9901", token: 0123456789'), [])
  expectProblems(t, admin('"[::1]:9901"'), [])
  expectProblems(t, admin('"127.1.2.3:9901"'), [])
})

t.test('endpoints of a CDN', async (t) => {
  expectProblems(t, but('{ name: alpha, provider: http, url: https://a.example', '§{ name: alpha, provider: http'), [
    'cdns[0]: needs "url" or "endpoints"',
  ])
  expectProblems(t, but('a.example }', 'a.example, §endpoints: [{ url: https://c.example }] }'), [
    'cdns[0].endpoints: a CDN has either "url" or "endpoints", not both',
  ])
  expectProblems(t, but('b1.example }', 'b1.example, location: FRA, §locations: [IAD] }'), [
    'cdns[1].endpoints[0].locations: an endpoint has either "location" or "locations", not both',
  ])
  expectProblems(t, but('b1.example }', 'b1.example, location: auto }'), [])
  expectProblems(t, site('cdns: { beta: { §url: https://c.example } }'), [
    'sites[0].cdns.beta.url: the CDN "beta" has several endpoints, so one URL cannot stand for it',
  ])
})

t.test('TLS settings on http URLs', async (t) => {
  const plain = 'url: http://a.example, tls: { §verify: true }'
  expectProblems(t, but('url: https://a.example', plain), [
    'cdns[0].tls.verify: TLS settings have no effect on an http:// URL',
  ])
  const overridden = 'cdns: { alpha: { url: https://c.example } }'
  expectProblems(t, but('url: https://a.example', plain.replace('§', ''), overridden), [])
  expectProblems(t, but(ORIGIN, 'origin: { urls: [http://o.example], tls: { §ca_file: a.pem } }'), [
    'sites[0].origin.tls.ca_file: TLS settings have no effect on an http:// URL',
  ])
})

t.test('policies and sites that do not fit', async (t) => {
  expectProblems(t, SITE.replace('{ mode: origin }', '§{ mode: redirect }'), [
    'policies.default: a policy in mode redirect needs "cdns"',
  ])
  expectProblems(t, SITE.replace('mode: origin', 'cdns: §[]'), [
    'policies.default.cdns: a policy in mode proxy needs "cdns"',
  ])
  expectProblems(t, SITE.replace('- {', '- §{').replace(/, origin: .*/, ' }'), [
    'sites[0]: the policy has mode: origin, and this site has no origin',
  ])
  // No origin to fall back to is fine.
  expectProblems(t, but(`, ${ORIGIN}`, ''), [])
  expectProblems(t, SITE.replace(/^sites:\n.*\n/, 'sites: §[]\n'), ['sites: expected at least 1 in this list'])
  expectProblems(t, '§log: {}\n', ['needs "sites"'])
})

t.test('measure_from', async (t) => {
  const text = (policy: string, gateway: string) => `${but('cdns: [alpha', `${policy}, cdns: [alpha`)}${gateway}`
  const located = 'gateway: { location: FRA }\n'
  expectProblems(t, text('measure_from: §gateway', ''), [
    'policies.default.measure_from: measuring from the gateway needs gateway.location',
  ])
  expectProblems(t, text('measure_from: gateway', located), [])
  expectProblems(t, text('measure_from: §client', located), [
    'warning: policies.default.measure_from: in mode proxy all bytes run through the gateway: measured from the client, they may take a long way round',
  ])
  expectProblems(t, text('measure_from: client', ''), [])
  expectProblems(t, text('mode: redirect, measure_from: §gateway', located), [
    'warning: policies.default.measure_from: mode redirect sends the client to the CDN itself and always measures from the client',
  ])
})

t.test('warnings about what can never happen', async (t) => {
  expectProblems(t, but('name: beta', 'name: §beta').replace('[alpha, beta]', '[alpha]'), [
    'warning: cdns[1].name: no route leads to this CDN, so it is never used',
  ])
  expectProblems(t, but('[alpha, beta]', '[alpha]', 'unsafe_methods: beta'), [])
  for (const match of ['', ', match: { path: "/*" }', ', match: { methods: [], headers: {} }']) {
    expectProblems(t, site(`routes: [{ policy: default${match} }, §{ policy: default }]`), [
      'warning: sites[0].routes[1]: no request gets here: the route on line 8 takes everything',
    ])
  }
  const known = 'geoip: { database: x.mmdb, asn_database: y.mmdb }\n'
  const after = (first: string, second: string) =>
    known + site(`routes: [{ policy: default, match: { ${first} } }, { policy: default, match: { ${second} } }]`)
  for (const [first, second] of [
    ['path: /a/*', 'path: /a/b/*'],
    ['methods: [GET, HEAD]', 'methods: [GET], path: /a'],
    ['countries: [DE, FR]', 'countries: [FR], asns: [1]'],
    ['networks: [10.0.0.0/8]', 'networks: [10.1.0.0/16, 10.2.0.0/16]'],
    ['headers: { Accept: "image/*" }', 'headers: { accept: image/png, x-a: b }'],
  ] as const) {
    const [problem] = problemsOf(after(first, second))
    t.match(problem, /warning: sites\[0\]\.routes\[1\]: no request gets here: .* takes all that this one could/, first)
    t.strictSame(problemsOf(after(second, first)), [], second)
  }
  for (const [first, second] of [
    ['path: /a/*', 'path: /a'],
    ['countries: [DE]', 'continents: [EU]'],
    ['asns: [1]', 'methods: [GET]'],
    ['methods: [GET], path: /a', 'methods: [GET]'],
  ] as const) {
    t.strictSame(problemsOf(after(first, second)), [], `${first}, ${second}`)
  }
  const networks = (count: number) => Array.from({ length: count }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`).join()
  const twice = (count: number) => problemsOf(after(`networks: [${networks(count)}]`, `networks: [${networks(count)}]`))
  t.equal(twice(50).length, 1)
  t.strictSame(twice(2500), [], 'what would take too long to compare is not compared')
  expectProblems(t, site('routes: [{ policy: default, match: { countries: §[DE] } }]'), [
    'warning: sites[0].routes[0].match.countries: no request gets here: the bundled table knows no countries; geoip.database can be a city or country mmdb that does',
  ])
  t.strictSame(problemsOf(after('continents: [EU]', 'path: /a')), [], 'coordinates tell the continent')
  expectProblems(t, site('routes: [{ policy: default, match: { asns: §[1] } }]'), [
    'warning: sites[0].routes[0].match.asns: no request gets here: AS numbers are known from geoip.asn_database only, and there is none',
  ])
})

t.test('certificates that are ordered need a place for keys, exact names, and a way to be proved', async (t) => {
  const acme = 'acme: { email: ops@example.com }'
  const listen = (...tls: readonly string[]) =>
    `${site()}listen: [${tls.map((each, at) => `{ address: 127.0.0.1:${8080 + at}${each} }`).join(', ')}]\n`
  const secure = `, tls: { ${acme} }`
  expectProblems(t, `${listen('', secure)}state_dir: state\n`, [])
  expectProblems(t, listen('', secure.replace('{ email', '§{ email')), [
    'listen[1].tls.acme: keys need a place: set state_dir',
  ])
  expectProblems(t, `${listen('', secure, secure.replace('{ email: ops', '§{ email: dev'))}state_dir: state\n`, [
    'listen[2].tls.acme: every listener orders its certificates with the same email and directory',
  ])
  expectProblems(t, `${listen(secure.replace('{ email', '§{ email'))}state_dir: state\n`, [
    'warning: listen[0].tls.acme: no listener without TLS: the authority comes to port 80, which must lead to one',
  ])
  const hosts = (names: string) => listen('', secure).replace('[www.example.com]', `[${names}]`)
  const why = 'only exact host names can be proved'
  expectProblems(t, `${hosts('www.example.com, §"*.example.com", §192.0.2.1')}state_dir: state\n`, [
    `warning: sites[0].hosts[1]: no certificate is ordered for "*.example.com": ${why}`,
    `warning: sites[0].hosts[2]: no certificate is ordered for "192.0.2.1": ${why}`,
  ])
  const directory = (url: string) => listen('', secure.replace('com }', `com, directory: ${url} }`))
  expectProblems(t, `${directory('http://127.0.0.1:1/dir')}state_dir: state\n`, [])
  for (const url of ['http://ca.example/dir', 'ftp://ca.example', 'https://me:pw@ca.example']) {
    t.match(problemsOf(directory(url)).join(), 'expected an https URL such as', url)
  }
  t.match(problemsOf(listen('', secure.replace('ops@example.com', 'nobody'))).join(), 'expected an e-mail address')
})

t.test('private addresses of CDNs that are not trusted, in any spelling', async (t) => {
  const manifest = `manifest: { file: m.json, public_key: "ed25519:${'A'.repeat(43)}" }`
  for (const [host, shown] of [
    ['127.0.0.1', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['169.254.169.254', '169.254.169.254'],
    ['[::1]', '::1'],
    ['[fd00:ec2::254]', 'fd00:ec2::254'],
    ['[::ffff:10.0.0.1]', '::ffff:a00:1'],
  ]) {
    const cdn = (more: string) =>
      but('https://a.example', `§"https://${host}"`, manifest).replace('" }', `", ${more} }`)
    const needs = `cdns[0].url: ${shown} is a private address: with trust: false that needs allow_private: true`
    expectProblems(t, cdn('trust: false'), [needs])
    expectProblems(t, cdn('trust: false').replace(': http,', ': meson,').replace(', trust: false', ''), [needs])
    expectProblems(t, cdn('trust: true').replace('§', ''), [])
    expectProblems(t, cdn('trust: false, allow_private: true').replace('§', ''), [])
  }
  const hosts = (list: string) => but('a.example }', `a.example, redirect_hosts: [${list}] }`)
  expectProblems(t, hosts('media.example, "*.example:8443", 8.8.8.8'), [])
  expectProblems(t, hosts('§"127.1", §"[fe80::1]:443"'), [
    'cdns[0].redirect_hosts[0]: 127.0.0.1 is a private address, and no redirect is followed to one',
    'cdns[0].redirect_hosts[1]: fe80::1 is a private address, and no redirect is followed to one',
  ])
  expectProblems(t, but('a.example }', 'a.example, tls: { verify: §false } }'), [
    'warning: cdns[0].tls.verify: with verify: false anybody on the way can answer in its place: for tests only',
  ])
})

t.test('tests', (t) => {
  const tests = (more: string) => `${site('routes: [{ name: all, policy: default }]')}tests:\n  - { ${more} }\n`
  const who = 'client_ip: 81.2.69.142, host: www.example.com'
  const right = [
    `${who}, expect: { cdn: [alpha, origin, none], not: beta, candidates: [alpha], rejected: { beta: drained } }`,
    `${who}, given: { unhealthy: [alpha], drained: ["https://b1.example"] }, expect: { site: www, route: all }`,
    `${who}, headers: { x-a: b }, method: POST, path: /a, name: A, expect: { policy: default, status: 404, within: 1km }`,
  ]
  for (const text of right) expectProblems(t, tests(text), [])
  const wrong: readonly (readonly [test: string, problem: string])[] = [
    ['host: a, expect: { cdn: alpha }', 'tests[0]: needs "client_ip"'],
    [
      `client_ip: §81.2.69, host: a, expect: { cdn: alpha }`,
      'tests[0].client_ip: expected an IP address such as 81.2.69.142, got "81.2.69"',
    ],
    [
      `client_ip: 81.2.69.1, host: §a/b, expect: { cdn: alpha }`,
      'tests[0].host: expected a host name, without scheme, port and path, got "a/b"',
    ],
    [`${who}, path: §a, expect: { cdn: alpha }`, 'tests[0].path: expected a path that begins with /, got "a"'],
    [`${who}, expect: §{}`, 'tests[0].expect: expects nothing: name a cdn, a reason, a route, a status …'],
    [`${who}, expect: { §cnd: alpha }`, 'tests[0].expect.cnd: unknown key "cnd"; did you mean "cdn"?'],
    [`${who}, expect: { cdn: §alhpa }`, 'tests[0].expect.cdn: no CDN is named "alhpa"; did you mean "alpha"?'],
    [`${who}, expect: { not: [beta, §x] }`, 'tests[0].expect.not[1]: no CDN is named "x"'],
    [
      `${who}, expect: { candidates: [§betta] }`,
      'tests[0].expect.candidates[0]: no CDN is named "betta"; did you mean "beta"?',
    ],
    [
      `${who}, expect: { rejected: { §betta: drained } }`,
      'tests[0].expect.rejected.betta: no CDN is named "betta"; did you mean "beta"?',
    ],
    [`${who}, expect: { route: §al }`, 'tests[0].expect.route: no route is named "al"'],
    [
      `${who}, expect: { policy: §defualt }`,
      'tests[0].expect.policy: no policy is named "defualt"; did you mean "default"?',
    ],
    [
      `${who}, given: { §unhealty: [alpha] }, expect: { cdn: beta }`,
      'tests[0].given.unhealty: unknown key "unhealty"; did you mean "unhealthy"?',
    ],
    [
      `${who}, given: { unhealthy: [§alfa] }, expect: { cdn: beta }`,
      'tests[0].given.unhealthy[0]: no CDN is named "alfa"; did you mean "alpha"?',
    ],
    [
      `${who}, given: { unhealthy: [alpha], drained: [§alpha] }, expect: { cdn: beta }`,
      'tests[0].given.drained[0]: "alpha" is given as unhealthy already',
    ],
  ]
  for (const [text, problem] of wrong) {
    const marked = text.includes('§') ? tests(text) : tests(text).replace('- { host', '- §{ host')
    expectProblems(t, marked, [problem])
  }
  const [reason] = problemsOf(tests(`${who}, expect: { reason: proximty }`))
  t.match(reason, /tests\[0\]\.expect\.reason: expected .*did you mean "proximity"\?/)
  t.end()
})

t.test('how a policy ranks', async (t) => {
  const policy = (more: string) => but('beta] }', `beta], ${more} }`)
  for (const right of [
    'strategy: latency, latency_tolerance: 0s, tie_breakers: [weight]',
    'strategy: weighted, affinity: client-network',
    'strategy: hash, hash_on: client-network',
    'strategy: hash, hash_on: { header: X-User }',
    'strategy: failover, affinity: none, tie_breakers: []',
    'strategy: latency, mode: proxy',
    'latency_tolerance: 5ms',
  ]) {
    expectProblems(t, policy(right), [])
  }
  expectProblems(t, policy('strategy: §latncy'), [
    'policies.default.strategy: expected one of proximity, latency, weighted, failover, hash, cost, got "latncy"; did you mean "latency"?',
  ])
  expectProblems(t, policy('tie_breakers: [latency, §latency]'), [
    'policies.default.tie_breakers[1]: this tie-breaker stands here already',
  ])
  expectProblems(t, policy('tie_breakers: [weight, §latency]'), [
    'warning: policies.default.tie_breakers[1]: weight leaves nobody equal: what comes after it is never asked',
  ])
  expectProblems(t, policy('tie_breakers: [§wieght]'), [
    'policies.default.tie_breakers[0]: expected one of latency, weight, cost, got "wieght"; did you mean "weight"?',
  ])
  for (const bad of ['latency_tolerance: §-1ms', 'latency_tolerance: §5', 'latency_tolerance: §2h']) {
    t.match(problemsOf(policy(bad).replace('§', ''))[0], /policies\.default\.latency_tolerance: /, bad)
  }
  for (const bad of ['query', '{ header: "a b" }', '{}', '7']) {
    const problems = problemsOf(policy(`strategy: hash, hash_on: ${bad}`))
    t.equal(problems.length, 1, problems.join())
    t.match(problems[0], /^c\.yaml:\d+:\d+: policies\.default\.hash_on(\.\w+)?: /, bad)
  }
  expectProblems(t, policy('hash_on: §path'), ['warning: policies.default.hash_on: only strategy hash looks at this'])
  expectProblems(t, policy('tie_breakers: [weight], latency_tolerance: §5ms'), [
    'warning: policies.default.latency_tolerance: nothing here compares latencies',
  ])
  expectProblems(t, policy('strategy: failover, affinity: §client-network'), [
    'warning: policies.default.affinity: to strategy failover no endpoints are equal: there is nothing to keep',
  ])
  expectProblems(t, policy('strategy: §latency, mode: redirect'), [
    'warning: policies.default.strategy: the latency of a redirected client is not measured: this ranks by distance',
  ])
  expectProblems(t, but('a.example }', 'a.example, weight: §-1 }'), ['cdns[0].weight: must be at least 0, got -1'])
})

t.test('what one policy inherits and does not use is no mistake where another uses it', async (t) => {
  const text = (base: string, own: string) =>
    `${but(POLICIES, '')}policies:\n  base: { ${base} }\n  default: { extends: base, cdns: [alpha, beta], ${own} }\n`
  expectProblems(t, text('cdns: [alpha], strategy: hash, hash_on: client-network', 'strategy: proximity'), [])
  expectProblems(t, text('cdns: [alpha], hash_on: §client-network', 'strategy: proximity'), [
    'warning: policies.base.hash_on: only strategy hash looks at this',
  ])
})

/** A tree at the places that the text has its words. */
function locate(value: unknown, text: string, path = ''): Located {
  const offset = typeof value === 'string' ? text.indexOf(value) : 0
  const node = { path, offset, keyOffset: offset, secret: false, broken: false }
  if (typeof value === 'string') return { ...node, value }
  if (Array.isArray(value)) return { ...node, value: value.map((item, at) => locate(item, text, `${path}[${at}]`)) }
  const named = Object.entries(value as object).map(([key, item]) => {
    return [key, locate(item, text, path === '' ? key : `${path}.${key}`)] as const
  })
  return { ...node, value: new Map(named) }
}

t.test('a Node without zstd', async (t) => {
  const text = 'policies: { default: { compress: { encodings: [br, zstd] } } }'
  const root = locate({ policies: { default: { compress: { encodings: ['br', 'zstd'] } } } }, text)
  const problemsWith = (hasZstd: boolean) => {
    const problems = new ProblemList('c.yaml', text)
    checkCompress(root, problems, hasZstd)
    return problems.list().map(formatProblem)
  }
  t.strictSame(problemsWith(true), [])
  t.strictSame(problemsWith(false), [
    `c.yaml:1:${text.indexOf('zstd') + 1}: policies.default.compress.encodings[1]: this Node has no zstd: it came with Node 22.15 and 23.8`,
  ])
})
