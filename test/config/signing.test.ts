// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { expectProblems, problemsOf, SITE } from './problems-of.ts'

const cdn = (signing: string, more = '') =>
  `${SITE.replace('{ mode: origin }', '{ cdns: [a] }')}cdns:\n  - { name: a, provider: http, url: https://a.example, signing: ${signing}${more} }\n`
const HEX = '00112233445566778899aabbccddeeff'
const BASE64 = 'nZtRohdNF9m3cKM24IcK4w=='

t.test('every type, with what it needs', async (t) => {
  for (const signing of [
    'null',
    '{ type: cloudfront, key_pair_id: K2JCJMDEHXQW5F, key_file: a.pem }',
    `{ type: fastly, key: "${BASE64}", covers: path, parameter: t }`,
    '{ type: bunny, key: 50955b6d-5678-4b24-8b69-bdba5bea3102, scope: directory, bind_ip: true }',
    `{ type: akamai, key: ${HEX}, parameter: hdnts, acl: [/a/*, /b/*], start: true, salt: pepper }`,
    `{ type: google, key_name: my-key, key: ${BASE64.replace(/=/g, '')}, ttl: 24h }`,
  ]) {
    expectProblems(t, cdn(signing), [])
  }
})

t.test('what is wrong is told with its place', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['{ type: §cloudfrnt }', '.type: expected one of cloudfront, fastly, bunny, akamai, google, got "cloudfrnt"'],
    ['§{ ttl: 1h }', ': needs "type"'],
    ['§{ type: bunny }', ': needs "key"'],
    ['§abc', ': expected a map, got "abc"'],
    ['{ type: fastly, key: abcdefghijklmnopqrstuv, §scope: url }', '.scope: unknown key "scope"'],
    ['{ type: bunny, key: abcdefgh, ttl: §9s }', '.ttl: must be from 10s to 168h, got "9s"'],
    [
      '{ type: cloudfront, key_pair_id: §"a b", key_file: a.pem }',
      '.key_pair_id: expected the id of a public key in CloudFront, got "a b"',
    ],
    [
      '{ type: bunny, key: abcdefgh, hash: sha256, bind_ip: §true }',
      '.bind_ip: only a token of hash: hmac-sha256 can be bound to an address',
    ],
    [
      `{ type: akamai, key: ${HEX}, acl: [/a/*], scope: §directory }`,
      '.scope: a link opens either its directory or an "acl", not both',
    ],
    [
      `{ type: akamai, key: ${HEX}, acl: [§"/a~exp=9"] }`,
      '.acl[0]: expected a path pattern such as /videos/*, without ~ and !, got "/a~exp=9"',
    ],
  ]
  for (const [signing, expected] of cases) expectProblems(t, cdn(signing), [`cdns[0].signing${expected}`])
})

t.test('a malformed key is never repeated', async (t) => {
  const hex = 'expected a key of 32 to 128 hexadecimal digits, an even number'
  for (const key of ['canary-no-hex', `${HEX}0`, 'ab', '""', '[canary]']) {
    const marked = cdn(`{ type: akamai, key: §${key} }`)
    expectProblems(t, marked, [`cdns[0].signing.key: ${hex}`])
  }
  const digits = '1'.repeat(32)
  expectProblems(t, cdn(`{ type: akamai, key: ${digits}, salt: 007 }`), [])
  const types = ['fastly', 'google, key_name: k', 'bunny', 'akamai']
  for (const type of types) {
    for (const [text, env] of [
      [cdn(`{ type: ${type}, key: "canary ü" }`), {}],
      [cdn(`{ type: ${type}, key: "\${T_KEY}" }`), { T_KEY: 'canary ü' }],
    ] as const) {
      const problems = problemsOf(text, env)
      t.equal(problems.length, 1)
      t.match(problems[0], /^c\.yaml:5:\d+: cdns\[0\]\.signing\.key: expected a key /)
      t.notMatch(problems[0], 'canary')
    }
  }
})

t.test('nothing is signed for a CDN that nobody is sent to', async (t) => {
  const problems = problemsOf(cdn('{ type: bunny, key: abcdefgh }', ', trust: false'))
  t.match(problems.join('\n'), /cdns\[0\]\.signing: a CDN with trust: false is sent nobody/)
})

t.test('the key of CloudFront is an RSA key of 2048 bits or more', async (t) => {
  const folder = t.testdir()
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' })
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })
  const good = rsa(2048)
  const files: readonly (readonly [string | Buffer, string | null])[] = [
    [pem(good.privateKey), null],
    [good.privateKey.export({ type: 'pkcs1', format: 'pem' }), null],
    [pem(rsa(1024).privateKey), 'the RSA key has less than 2048 bits'],
    [pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), 'the key is no RSA key'],
    [pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey), 'the key is no RSA key'],
    [
      good.publicKey.export({ type: 'spki', format: 'pem' }),
      'the file holds no PEM private key, or one with a passphrase',
    ],
    ['canary', 'the file holds no PEM private key, or one with a passphrase'],
  ]
  const path = join(folder, 'c.yaml')
  writeFileSync(path, cdn('{ type: cloudfront, key_pair_id: K2JCJMDEHXQW5F, key_file: a.pem }'))
  for (const [text, expected] of files) {
    writeFileSync(join(folder, 'a.pem'), text)
    const loaded = await loadConfig(path, {})
    t.ok(loaded.files.includes(join(folder, 'a.pem')), 'it is watched')
    const problems = 'problems' in loaded ? loaded.problems.map(formatProblem) : []
    t.strictSame(
      problems.map((problem) => problem.replace(/^.*c\.yaml:5:\d+: /, '')),
      expected === null ? [] : [`cdns[0].signing.key_file: ${expected}`],
    )
    if ('snapshot' in loaded) {
      t.notMatch(JSON.stringify(loaded.snapshot.cdns), /PRIVATE KEY/, 'a snapshot that is printed shows no key')
    }
  }
})
