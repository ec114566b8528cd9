// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import t from 'tap'
import { expectProblems, problemsOf, SITE } from './problems-of.ts'

const CDNS = `cdns:
  - { name: alpha, provider: http, url: https://a.example }
  - name: beta
    provider: http
    endpoints: [{ url: https://b1.example }, { url: https://b2.example }]
`
const POLICIES = 'policies: { default: { cdns: [alpha, beta] } }\n'
/** A site on lines 8 to 9, after CDNS and POLICIES. */
const site = (more: string) => `${CDNS}${POLICIES}sites:\n  - { name: www, hosts: [www.example.com], ${more} }\n`
const ORIGIN = 'origin: { urls: [https://o.example] }'

t.test('the base of these tests is right', async (t) => {
  t.strictSame(problemsOf(site(ORIGIN)), [])
})

t.test('dangling names', async (t) => {
  const cases: [string, string][] = [
    [site(`${ORIGIN}, cdns: { alfa: {} }`), 'sites[0].cdns.alfa: no CDN is named "alfa"; did you mean "alpha"?'],
    [
      site(`${ORIGIN}, unsafe_methods: betta`),
      'sites[0].unsafe_methods: no CDN is named "betta"; did you mean "beta"?',
    ],
    [
      site(`${ORIGIN}, routes: [{ policy: defualt }]`),
      'sites[0].routes[0].policy: no policy is named "defualt"; did you mean "default"?',
    ],
    [
      site(ORIGIN).replace('[alpha, beta]', '[alpha, beta, gamma]'),
      'policies.default.cdns[2]: no CDN is named "gamma"',
    ],
    [
      site(ORIGIN).replace('cdns: [alpha', 'extends: defalt, cdns: [alpha'),
      'policies.default.extends: no policy is named "defalt"; did you mean "default"?',
    ],
  ]
  for (const [text, expected] of cases) {
    t.strictSame(problemsOf(text), [`c.yaml:${expected}`])
  }
  t.match(problemsOf(site(ORIGIN).replace('default: {', 'other: {'))[0], 'warning: cdns[0].name')
  t.ok(
    problemsOf(site(ORIGIN).replace('default: {', 'other: {')).includes(
      'sites[0]: a site without routes follows the policy "default", and there is none',
    ),
  )
})

t.test('a dangling name is found next to other problems', async (t) => {
  t.strictSame(
    problemsOf(site(`${ORIGIN}, unsafe_methods: betta`).replace('url: https://a.example', 'url: nonsense')),
    [
      'cdns[0].url: expected a URL such as https://cdn.example.net, got "nonsense"',
      'sites[0].unsafe_methods: no CDN is named "betta"; did you mean "beta"?',
    ],
  )
})

t.test('extends', async (t) => {
  const text = (policies: string) => `${site(ORIGIN).replace(POLICIES, '')}policies:\n${policies}`
  t.strictSame(
    problemsOf(text('  default: { extends: base }\n  base: { cdns: [alpha, beta], retry: { attempts: none } }\n')),
    ['policies.base.retry.attempts: expected a number, got "none"'],
    'what is inherited is reported where it is written, once',
  )
  t.strictSame(
    problemsOf(text('  default: { extends: base, cdns: [alpha, beta] }\n  base: { retry: { attempts: 2 } }\n')),
    [],
  )
  t.strictSame(
    problemsOf(text('  default: { extends: b, cdns: [alpha, beta] }\n  b: { extends: c }\n  c: { extends: b }\n')),
    ['policies.c.extends: a policy cannot extend itself: b → c → b'],
  )
  t.strictSame(problemsOf(text('  default: { extends: default, cdns: [alpha, beta] }\n')), [
    'policies.default.extends: a policy cannot extend itself: default → default',
  ])
  const chain = Array.from({ length: 40 }, (_, at) => `  p${at}: { mode: origin, extends: p${at + 1} }\n`).join('')
  t.match(
    problemsOf(text(`  default: { cdns: [alpha, beta] }\n${chain}  p40: { mode: origin }\n`))[0],
    /policies extend each other more than 32 times/,
  )
})

t.test('duplicates', async (t) => {
  t.strictSame(problemsOf(site(ORIGIN).replace('name: beta', 'name: alpha').replace(', beta]', ']')), [
    'cdns[1].name: another CDN is named "alpha", on line 2',
  ])
  const two = `${site(ORIGIN)}  - { name: www, hosts: [WWW.Example.com., "*"], ${ORIGIN} }\n`
  t.strictSame(problemsOf(two), [
    'sites[1].name: another site is named "www", on line 8',
    'sites[1].hosts[0]: "WWW.Example.com." is taken by sites[0].hosts[0] already',
  ])
  t.strictSame(problemsOf(`${SITE}listen: [{ address: ":80" }, { address: 0.0.0.0:80 }]\n`), [
    'listen[1].address: "0.0.0.0:80" is taken by listen[0].address already',
  ])
  t.strictSame(problemsOf(`${SITE}listen: [{ address: 127.0.0.1:80 }]\nadmin: { address: 127.0.0.1:80 }\n`), [
    'admin.address: "127.0.0.1:80" is taken by listen[0].address already',
  ])
  t.strictSame(problemsOf(`${SITE}listen: [{ address: 127.0.0.1:0 }, { address: 127.0.0.1:0 }]\n`), [])
  t.strictSame(problemsOf(site(ORIGIN).replace('[alpha, beta]', '[alpha, beta, alpha]')), [
    'policies.default.cdns[2]: this CDN stands here already',
  ])
  t.strictSame(problemsOf(site(ORIGIN).replace('b2.example', 'b1.example/')), [
    'cdns[1].endpoints[1].url: this URL stands here already',
  ])
  t.strictSame(
    problemsOf(
      site(`${ORIGIN}, routes: [{ name: a, policy: default, match: { path: /x } }, { name: a, policy: default }]`),
    ),
    ['sites[0].routes[1].name: another route of this site is named "a", on line 8'],
  )
  t.strictSame(problemsOf(site(ORIGIN).replace('name: beta', 'name: origin').replace(', beta]', ', origin]')), [
    'cdns[1].name: "origin" is no name for a CDN',
  ])
})

t.test('the admin address', async (t) => {
  const admin = (text: string) => `${SITE}admin: { ${text} }\n`
  const needs = 'admin.address: an admin address that other machines can reach needs admin.token'
  t.strictSame(problemsOf(admin('address: "0.0.0.0:9901"')), [needs])
  t.strictSame(problemsOf(admin('address: ":9901", token: "${TOKEN:-}"')), [needs])
  t.strictSame(problemsOf(admin('address: "[::]:9901", token: 0123456789')), [])
  t.strictSame(problemsOf(admin('address: "[::1]:9901"')), [])
  t.strictSame(problemsOf(admin('address: "127.1.2.3:9901"')), [])
})

t.test('endpoints of a CDN', async (t) => {
  t.strictSame(problemsOf(site(ORIGIN).replace('url: https://a.example', 'drain: true')), [
    'cdns[0]: needs "url" or "endpoints"',
  ])
  t.strictSame(
    problemsOf(site(ORIGIN).replace('a.example }', 'a.example, endpoints: [{ url: https://c.example }] }')),
    ['cdns[0].endpoints: a CDN has either "url" or "endpoints", not both'],
  )
  t.strictSame(problemsOf(site(ORIGIN).replace('b1.example }', 'b1.example, location: FRA, locations: [IAD] }')), [
    'cdns[1].endpoints[0].locations: an endpoint has either "location" or "locations", not both',
  ])
  t.strictSame(problemsOf(site(ORIGIN).replace('b1.example }', 'b1.example, location: auto }')), [])
  t.strictSame(problemsOf(site(`${ORIGIN}, cdns: { beta: { url: https://c.example } }`)), [
    'sites[0].cdns.beta.url: the CDN "beta" has several endpoints, so one URL cannot stand for it',
  ])
})

t.test('TLS settings on http URLs', async (t) => {
  const plain = site(ORIGIN).replace('url: https://a.example', 'url: http://a.example, tls: { verify: true }')
  t.strictSame(problemsOf(plain), ['cdns[0].tls.verify: TLS settings have no effect on an http:// URL'])
  const overridden = plain.replace(ORIGIN, `${ORIGIN}, cdns: { alpha: { url: https://c.example } }`)
  t.strictSame(problemsOf(overridden), [], 'a site of it speaks TLS')
  t.strictSame(problemsOf(site('origin: { urls: [http://o.example], tls: { ca_file: a.pem } }')), [
    'sites[0].origin.tls.ca_file: TLS settings have no effect on an http:// URL',
  ])
})

t.test('policies and sites that do not fit', async (t) => {
  t.strictSame(problemsOf(SITE.replace('mode: origin', 'mode: redirect')), [
    'policies.default: a policy in mode redirect needs "cdns"',
  ])
  t.strictSame(problemsOf(SITE.replace('mode: origin', 'cdns: []')), [
    'policies.default.cdns: a policy in mode proxy needs "cdns"',
  ])
  t.strictSame(problemsOf(SITE.replace(/, origin: .*/, ' }')), [
    'sites[0]: the policy has mode: origin, and this site has no origin',
  ])
  t.strictSame(problemsOf(site('routes: [{ policy: default }]')), [], 'no origin to fall back to is fine')
  t.strictSame(problemsOf(`${SITE.replace(/^sites:\n.*\n/, 'sites: []\n')}`), [
    'sites: expected at least 1 in this list',
  ])
  t.strictSame(problemsOf('log: {}\n'), ['needs "sites"'])
})

t.test('measure_from', async (t) => {
  const text = (policy: string, gateway: string) =>
    `${site(ORIGIN).replace('cdns: [alpha', `${policy}, cdns: [alpha`)}${gateway}`
  const located = 'gateway: { location: FRA }\n'
  t.strictSame(problemsOf(text('measure_from: gateway', '')), [
    'policies.default.measure_from: measuring from the gateway needs gateway.location',
  ])
  t.strictSame(problemsOf(text('measure_from: gateway', located)), [])
  t.match(problemsOf(text('measure_from: client', located))[0], /^c\.yaml:6:37: warning: .*a long way round$/)
  t.strictSame(problemsOf(text('measure_from: client', '')), [])
  t.match(
    problemsOf(text('mode: redirect, measure_from: gateway', located))[0],
    /warning: .*always measures from the client$/,
  )
})

t.test('warnings about what can never happen', async (t) => {
  t.strictSame(problemsOf(site(ORIGIN).replace('[alpha, beta]', '[alpha]')), [
    'warning: cdns[1].name: no route leads to this CDN, so it is never used',
  ])
  t.strictSame(problemsOf(site(`${ORIGIN}, unsafe_methods: beta`).replace('[alpha, beta]', '[alpha]')), [])
  for (const match of ['', ', match: { path: "/*" }', ', match: { methods: [], headers: {} }']) {
    t.match(problemsOf(site(`${ORIGIN}, routes: [{ policy: default${match} }, { policy: default }]`)), [
      /^c\.yaml:8:\d+: warning: sites\[0\]\.routes\[1\]: no request gets here: the route on line 8 takes everything$/,
    ])
  }
  t.strictSame(problemsOf(site(ORIGIN).replace('a.example }', 'a.example, trust: false }')), [
    'warning: cdns[0].trust: nothing can prove the bytes of an http CDN yet: with trust: false it is never used',
  ])
})
