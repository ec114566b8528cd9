import t from 'tap'
import { expectProblems } from './problems-of.ts'

const KEY = `public_key: "ed25519:${'A'.repeat(43)}"`
const MANIFEST = `manifest: { file: m.json, ${KEY} }`
/** One CDN, the policy that names it, and its site. */
const config = (cdn: string, site = '', policy = '') =>
  `cdns: [{ name: a, url: https://a.example, ${cdn} }]
policies: { default: { cdns: [§a]${policy === '' ? '' : `, ${policy}`} } }
sites: [{ name: www, hosts: [www.example.com], origin: { urls: [https://o.example] }${site === '' ? '' : `, ${site}`} }]
`
const fine = (...parts: Parameters<typeof config>) => config(...parts).replace('§a', 'a')

t.test('a CDN whose bytes nothing proves is warned of where it is named', async (t) => {
  const here = 'warning: policies.default.cdns[0]: '
  const cases: readonly (readonly [cdn: string, policy: string, why: string])[] = [
    [
      'provider: ipfs',
      '',
      'the site "www" has neither content.ipfs nor a manifest, so this CDN can serve nothing of it',
    ],
    [
      'provider: arweave, trust: true',
      '',
      'the site "www" has neither content.arweave nor a manifest, so this CDN can serve nothing of it',
    ],
    [
      'provider: http, trust: false',
      '',
      'this CDN is not trusted, and the site "www" has no manifest that proves its bytes: it is never asked',
    ],
    [
      'provider: meson',
      '',
      'this CDN is not trusted, and the site "www" has no manifest that proves its bytes: it is never asked',
    ],
    [
      'provider: http, path_template: "/x/{ref}"',
      '',
      'this CDN is asked by {ref}, which a manifest tells, and the site "www" has none: it can serve nothing of it',
    ],
    [
      'provider: swarm, trust: true',
      '',
      'this CDN is asked by {ref}, which a manifest tells, and the site "www" has none: it can serve nothing of it',
    ],
    [
      'provider: http',
      'verify: required',
      'verify: required needs a proof, and the site "www" has no manifest: this CDN is never asked',
    ],
  ]
  for (const [cdn, policy, why] of cases) {
    expectProblems(t, config(cdn, '', policy), [here + why])
    expectProblems(t, fine(cdn, MANIFEST, policy), [])
  }
  for (const cdn of ['provider: http', 'provider: meson, trust: true', 'provider: nkn, trust: true']) {
    expectProblems(t, fine(cdn), [])
  }
  expectProblems(t, fine('provider: ipfs', 'content: { ipfs: { dnslink: www.example.com } }', 'verify: required'), [])
  expectProblems(t, fine('provider: http', '', 'verify: off'), [])
})

t.test('what a site says of a CDN counts: another site may say something else', async (t) => {
  const byPath = 'cdns: { a: { path_template: "/x{path}" } }'
  expectProblems(t, fine('provider: http, path_template: "/x/{ref}"', byPath), [])
  expectProblems(t, config('provider: http', 'cdns: { a: { path_template: "/x/{ref}" } }'), [
    'warning: policies.default.cdns[0]: this CDN is asked by {ref}, which a manifest tells, and the site "www" has none: it can serve nothing of it',
  ])
})

t.test('a network without a usual template needs one', async (t) => {
  const needs = 'cdns[0].provider: storj needs path_template: /raw/ACCESS/BUCKET{path}, where ACCESS may read BUCKET'
  expectProblems(t, fine('provider: §storj', MANIFEST), [needs])
  expectProblems(t, fine('provider: §storj, path_template: null', MANIFEST), [needs])
  expectProblems(t, fine('provider: storj, path_template: "/raw/jx/site{path}"', MANIFEST), [])
  expectProblems(t, fine('provider: storj', `${MANIFEST}, cdns: { a: { path_template: "/raw/jx/www{path}" } }`), [])
  const unused = `${fine('provider: §storj', MANIFEST).replace('cdns: [a]', 'mode: origin').replace('name: a', 'name: §a')}`
  expectProblems(t, unused, ['warning: cdns[0].name: no route leads to this CDN, so it is never used', needs])
})

t.test('nobody is redirected to what has to be proved', async (t) => {
  const policy = (verify: string, mode: string) => fine('provider: http', MANIFEST, `mode: ${mode}, verify: ${verify}`)
  expectProblems(t, policy('§required', 'redirect'), [
    'policies.default.verify: nothing proves what a redirected client gets: mode: redirect cannot be with verify: required',
  ])
  expectProblems(t, policy('required', 'proxy'), [])
  expectProblems(t, policy('when-possible', 'redirect'), [])
})

t.test('other methods go to what is asked by path', async (t) => {
  const unsafe = (cdn: string, mark = '§') =>
    fine(cdn, `${MANIFEST}, unsafe_methods: ${mark}a, content: { ipfs: { dnslink: x.example } }`).replace(
      /, content: \{ ipfs.*? \} \}/,
      cdn.includes('ipfs') ? '$&' : '',
    )
  for (const provider of ['ipfs', 'arweave', 'swarm', 'walrus', 'filecoin', 'theta']) {
    expectProblems(t, unsafe(`provider: ${provider}`), [
      `sites[0].unsafe_methods: a CDN of provider ${provider} takes no other methods than GET and HEAD`,
    ])
  }
  for (const provider of ['http', 'nkn', 'meson']) expectProblems(t, unsafe(`provider: ${provider}`, ''), [])
})

t.test('a manifest is in one place', async (t) => {
  const manifest = (where: string) => fine('provider: http', `manifest: { ${where}${KEY} }`)
  expectProblems(t, manifest('').replace('manifest: {', 'manifest: §{'), ['sites[0].manifest: needs "file" or "url"'])
  expectProblems(t, manifest('file: m.json, §url: "https://o.example/m.json", '), [
    'sites[0].manifest.url: a manifest has either "file" or "url", not both',
  ])
  for (const url of [
    'https://o.example/m.json',
    'http://127.0.0.1:8090/m.json',
    'http://localhost/m',
    'http://[::1]/m',
  ]) {
    expectProblems(t, manifest(`url: "${url}", `), [])
  }
  expectProblems(t, manifest('url: §"http://o.example/m.json", '), [
    'warning: sites[0].manifest.url: a manifest is signed, but over http anybody on the way sees who asks and can hold back a new one',
  ])
  expectProblems(t, manifest('url: §"https://u:p@o.example/m", '), [
    'sites[0].manifest.url: a URL with a user or password is shown in logs',
  ])
  expectProblems(t, manifest('url: §"https://[x]/m", '), ['sites[0].manifest.url: this is no URL'])
})

t.test('nothing is signed for networks that nobody is sent to', async (t) => {
  expectProblems(t, fine('provider: meson, §signing: { type: bunny, key: "0123456789" }', MANIFEST), [
    'cdns[0].signing: a CDN with trust: false is sent nobody, so nothing is signed for it',
  ])
})
