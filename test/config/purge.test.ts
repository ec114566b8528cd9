import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { expectProblems, problemsOf, SITE } from './problems-of.ts'

const cdn = (purge: string, provider = 'http') =>
  `${SITE.replace('{ mode: origin }', '{ cdns: [a], verify: off }')}cdns:\n  - { name: a, provider: ${provider}, url: https://a.example, purge: ${purge} }\n`
const UUID = '00112233-4455-6677-8899-aabbccddeeff'
const AZURE = `api: azure, subscription: ${UUID}, resource_group: rg, profile: p, afd_endpoint: e, tenant: ${UUID}, client_id: ${UUID}`

t.test('every api, with what it needs', async (t) => {
  for (const purge of [
    'null',
    '{ api: cloudfront, distribution: E1ABC, access_key_id: AKIDEXAMPLE, secret_access_key: abcdefgh }',
    '{ api: cloudfront, distribution: E1ABC, access_key_id: AKIDEXAMPLE, secret_access_key: abcdefgh, session_token: abcdefgh, tags: true, widen: true }',
    '{ api: cloudflare, zone: 00112233445566778899aabbccddeeff, token: abcdefgh }',
    '{ api: fastly, service: SU1Z0isxPaozGVKXdv0eY, token: abcdefgh, endpoint: "http://127.0.0.1:1/x/" }',
    '{ api: bunny, key: abcdefgh, pull_zone: 7 }',
    '{ api: google, project: my-project, url_map: web-map, key_file: key.json }',
    '{ api: google, project: "example.com:my-project", url_map: web-map, token: abcdefgh }',
    `{ ${AZURE}, client_secret: abcdefgh }`,
  ]) {
    expectProblems(t, cdn(purge), [])
  }
})

t.test('what is wrong is told with its place', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    [
      '{ api: §cloudfrnt }',
      '.api: expected one of cloudfront, cloudflare, fastly, bunny, google, azure, got "cloudfrnt"',
    ],
    ['§{ token: abcdefgh }', ': needs "api"'],
    ['§{ api: bunny }', ': needs "key"'],
    ['{ api: bunny, key: abcdefgh, §zone: 7 }', '.zone: unknown key "zone"'],
    [
      '{ api: cloudflare, zone: §"example.com", token: abcdefgh }',
      '.zone: expected the id of a zone, 32 hexadecimal digits, got "example.com"',
    ],
    [
      '{ api: fastly, service: "a", token: abcdefgh, endpoint: §"http://api.fastly.com" }',
      '.endpoint: expected a URL with https, without a query, got "http://api.fastly.com"',
    ],
    ['§{ api: google, project: my-project, url_map: m }', ': needs "key_file" or "token"'],
    [
      '{ api: google, project: my-project, url_map: m, key_file: k, §token: abcdefgh }',
      '.token: either "key_file" or "token", not both',
    ],
    [
      `{ ${AZURE.replace(UUID, '§my-subscription')}, client_secret: abcdefgh }`,
      '.subscription: expected the id of a subscription, got "my-subscription"',
    ],
  ]
  for (const [purge, expected] of cases) {
    const text = cdn(purge)
    const problems = problemsOf(text.replace('§', ''))
    t.equal(problems.length, 1, problems.join('\n'))
    t.match(problems[0], `cdns[0].purge${expected}`)
    const line = text.split('\n')[4]!
    if (line.includes('§') && !expected.startsWith(':') && !expected.startsWith('.token: either')) {
      t.match(problems[0], `c.yaml:5:${line.indexOf('§') + 1}: `)
    }
  }
  t.match(problemsOf(cdn('{ api: bunny, key: abcdefgh }', 'ipfs')).join('\n'), 'there is nothing to purge')
})

t.test('a secret is never repeated', async (t) => {
  const bunny = (key: string) => cdn(`{ api: bunny, key: ${key} }`)
  for (const [text, env] of [
    [bunny('"canary ü"'), {}],
    [bunny('canary'), {}],
    [bunny('[canary-long-enough]'), {}],
    [bunny('"$' + '{T_KEY}"'), { T_KEY: 'canary ü' }],
  ] as const) {
    const problems = problemsOf(text, env)
    t.equal(problems.length, 1)
    t.match(problems[0], 'cdns[0].purge.key: expected a secret of 8 to 4096 visible ASCII characters')
    t.notMatch(problems[0], 'canary')
  }
})

t.test('the key of a service account is read and checked, and in no printed snapshot', async (t) => {
  const folder = t.testdir()
  const pem = (bits: number) =>
    generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const good = {
    client_email: 'canary@p.iam.gserviceaccount.com',
    private_key_id: 'canary-id',
    private_key: pem(2048),
    token_uri: 'https://oauth2.googleapis.com/token',
  }
  const path = join(folder, 'c.yaml')
  writeFileSync(path, cdn('{ api: google, project: my-project, url_map: m, key_file: key.json }'))
  for (const [content, expected] of [
    [good, null],
    ['canary', 'the file holds no JSON object'],
    [{ ...good, client_email: 7 }, 'the file is no key of a service account: it has no "client_email"'],
    [{ ...good, token_uri: 'http://canary.example/' }, 'its "token_uri" is no https URL'],
    [{ ...good, private_key: 'canary' }, 'its "private_key" is no RSA key of 2048 bits or more'],
    [{ ...good, private_key: pem(1024) }, 'its "private_key" is no RSA key of 2048 bits or more'],
  ] as const) {
    writeFileSync(join(folder, 'key.json'), typeof content === 'string' ? content : JSON.stringify(content))
    const loaded = await loadConfig(path, {})
    t.ok(loaded.files.includes(join(folder, 'key.json')), 'it is watched')
    const problems = 'problems' in loaded ? loaded.problems.map(formatProblem) : []
    t.strictSame(
      problems.map((problem) => problem.replace(/^.*c\.yaml:5:\d+: /, '')),
      expected === null ? [] : [`cdns[0].purge.key_file: ${expected}`],
    )
    if ('snapshot' in loaded) {
      t.ok(loaded.snapshot.cdns[0]!.purge)
      t.notMatch(JSON.stringify(loaded.snapshot.cdns), /canary|PRIVATE KEY/)
    }
  }
})
