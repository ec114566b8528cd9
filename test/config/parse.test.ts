// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import t from 'tap'
import { MAX_TEXT, parseConfig } from '../../src/config/parse.ts'
import { problemsOf, SITE } from './problems-of.ts'

t.test('a small configuration is whole, with every default', async (t) => {
  const parsed = parseConfig(SITE, 'c.yaml', {})
  if ('problems' in parsed) return t.fail('rejected', { problems: parsed.problems })
  const { config } = parsed
  t.strictSame(config.listen[0]?.address, { host: '0.0.0.0', port: 8080 })
  t.strictSame(config.admin, { address: { host: '127.0.0.1', port: 9901 }, token: null })
  t.equal(config.geoip.reload_interval, 300_000)
  t.equal(config.limits.headers, 16_384)
  t.equal(config.log.client_ip, 'truncated')
  const { retry, tie_threshold: threshold } = config.policies.default!
  t.equal(threshold, 500)
  t.equal(retry.per_try_timeout, 5000)
  t.strictSame(retry.on.flat(), [
    ...['connect-failure', 'reset', 'response-timeout', 'corrupt'],
    ...[500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530],
  ])
  t.strictSame(parsed.locate('sites[0].origin'), { file: 'c.yaml', line: 2, column: 52 })
  t.strictSame(parsed.locate('sites[0].origin.tls.ca_file'), { file: 'c.yaml', line: 2, column: 52 })
})

t.test('what is no YAML map', async (t) => {
  const cases: [string, string][] = [
    ['', 'c.yaml:1:1: the configuration is empty; it needs at least "sites"'],
    ['# nothing\n\n', 'c.yaml:1:1: the configuration is empty; it needs at least "sites"'],
    ['- a\n', 'c.yaml:1:1: the configuration must be a map of keys such as "sites:"'],
    ['just text', 'c.yaml:1:1: the configuration must be a map of keys such as "sites:"'],
    ['log:\n\tlevel: info\n', 'c.yaml:2:1: Tabs are not allowed as indentation'],
    ['log: {}\n---\nlog: {}\n', 'c.yaml:2:1: a second document begins here; the configuration is a single one'],
    ['log: "abc\n', 'c.yaml:2:1: Missing closing "quote'],
    ['log: !mine {}\n', 'c.yaml:1:6: unknown YAML tag'],
    ['%YAML 1.1\n---\nlog: {}\n', 'c.yaml:1:1: only YAML 1.2 is read'],
    [`a: ${'['.repeat(50_000)}`, 'nested too deeply'],
    [`${'- '.repeat(50_000)}a`, 'nested too deeply'],
    ['x'.repeat(MAX_TEXT + 1), 'c.yaml:1:1: the file is larger than 1 MiB'],
  ]
  for (const [text, expected] of cases) {
    const problems = problemsOf(text)
    t.equal(problems.length, 1, text.slice(0, 20))
    t.ok(problems[0]?.endsWith(expected), problems[0] ?? 'none')
  }
})

t.test('YAML errors never repeat the text, which may be a secret', async (t) => {
  for (const text of ['token: |hunter2 x\n', 'token: "\\qhunter2"\n', 'token: }hunter2\n', 'token: *hunter2 x: y\n']) {
    const problems = problemsOf(`${SITE}admin:\n  ${text}`)
    t.ok(problems.length > 0)
    t.notMatch(problems.join('\n'), /hunter2(?! stands)/)
  }
})

t.test('a byte order mark is no character of the first line', async (t) => {
  t.strictSame(problemsOf(`\uFEFF${SITE}`), [])
  t.strictSame(problemsOf(`\uFEFFsite: 1\n${SITE}`), ['c.yaml:1:1: site: unknown key "site"; did you mean "sites"?'])
})

t.test('Windows line ends', async (t) => {
  t.strictSame(problemsOf(`${SITE}lug: 1\n`.replaceAll('\n', '\r\n')), [
    'c.yaml:4:1: lug: unknown key "lug"; did you mean "log"?',
  ])
})

t.test('keys', async (t) => {
  t.strictSame(problemsOf(`${SITE}log: {}\nlog: {}\n`), ['c.yaml:5:1: log: duplicate key "log", first on line 4'])
  t.strictSame(problemsOf(`${SITE}log: { ? [a] : b }\n`), ['c.yaml:4:10: log: a key must be a plain name'])
  t.strictSame(problemsOf(`${SITE}__proto__: { level: x }\n`), ['c.yaml:4:1: a key must be a plain name'])
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    t.strictSame(problemsOf(`${SITE}${name}: 1\n`), [`c.yaml:4:1: ${name}: unknown key "${name}"`])
  }
})

t.test('types that only YAML has', async (t) => {
  t.strictSame(problemsOf(`${SITE}log: { level: !!binary aGk= }\n`), [
    'c.yaml:4:24: log.level: expected a string, a number, true, false or null, got another YAML type',
  ])
  t.strictSame(problemsOf(`${SITE}limits: { header_count: .inf }\n`).length, 1)
  t.strictSame(problemsOf(`${SITE}limits: { header_count: .nan }\n`).length, 1)
})

t.test('aliases', async (t) => {
  const tls = `cdns:
  - { name: a, provider: http, url: https://a.example, tls: &tls { verify: true } }
  - { name: b, provider: http, url: https://b.example, tls: *tls }
`
  const used = SITE.replace('{ mode: origin }', '{ cdns: [a, b] }')
  t.strictSame(problemsOf(used + tls), [])
  t.strictSame(problemsOf(used + tls.replace('verify: true', 'verfy: true')), [
    'c.yaml:5:68: cdns[0].tls.verfy: unknown key "verfy"; did you mean "verify"?',
    'c.yaml:5:68: cdns[1].tls.verfy: unknown key "verfy"; did you mean "verify"?',
  ])
  t.strictSame(problemsOf(`${SITE}log: *nowhere\n`), ['c.yaml:4:6: log: no anchor &nowhere stands before this alias'])
  t.strictSame(problemsOf(`${SITE}log: &loop { level: *loop }\n`), [
    'c.yaml:4:21: log.level: the alias *loop stands inside itself',
  ])
})

t.test('aliases that stand for billions end early', async (t) => {
  const lines = ['tests: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 10; level++) {
    lines.push(
      `x${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    )
  }
  const problems = problemsOf(`${SITE}${lines.join('\n')}\n`)
  t.match(problems.join('\n'), /aliases repeat more than 10000 values/)
  t.ok(problems.length <= 201)
})

t.test('as many problems as anybody reads', async (t) => {
  const problems = problemsOf(`${SITE}${Array.from({ length: 1000 }, (_, at) => `k${at}: 1`).join('\n')}\n`)
  t.equal(problems.length, 201)
  t.match(problems.at(-1), /and 800 more problems/)
  const metros = problemsOf(`${SITE}cdns: [{ name: a, provider: http, locations: [${'FRQ,'.repeat(200_000)}] }]\n`)
  t.ok(metros.length > 0 && metros.length <= 201)
})

t.test('variables', async (t) => {
  const text = `${SITE}listen: [{ address: "127.0.0.1:\${PORT:-8080}" }]\nlimits:\n  header_count: \${COUNT}\n`
  const parsed = parseConfig(text, 'c.yaml', { COUNT: '0x10', PORT: '81' })
  t.ok('config' in parsed)
  if (!('config' in parsed)) return
  t.equal(parsed.config.limits.header_count, 16, 'a plain scalar is read again by YAML rules')
  t.equal(parsed.config.listen[0]?.address.port, 81)
  t.strictSame(problemsOf(text), ['c.yaml:6:17: limits.header_count: environment variable COUNT is not set'])
  t.strictSame(problemsOf(text.replace('{COUNT}', '{COUNT:?how many}')), [
    'c.yaml:6:17: limits.header_count: environment variable COUNT is needed: how many',
  ])
  t.strictSame(problemsOf(text.replace('${COUNT}', '"${COUNT}"'), { COUNT: '16' }), [
    'c.yaml:6:17: limits.header_count: expected a number, got a string',
  ])
  t.strictSame(problemsOf(`${SITE}"\${KEY}": 1\n`, { KEY: 'log' }), ['c.yaml:4:1: ["${KEY}"]: unknown key "${KEY}"'])
  t.strictSame(problemsOf(`${SITE}log: \${LOG}\n`, { LOG: '{ level: info }' }), [
    'c.yaml:4:6: log: expected a map, got a string',
  ])
  t.match(problemsOf(`${SITE}log: { level: \${LOG} }\n`)[0], /^c\.yaml:4:16: .*quote values that contain/)
})

t.test('tokens and header values stay text, whatever they look like', async (t) => {
  const text = `${SITE}admin:\n  token: \${TOKEN}\ndebug: { token: 1234567890123 }\n`
  const parsed = parseConfig(text, 'c.yaml', { TOKEN: '0123456789' })
  if (!('config' in parsed)) return t.fail('rejected', { parsed })
  t.equal(parsed.config.admin.token, '0123456789')
  t.equal(parsed.config.debug.token, '1234567890123')
  const empty = parseConfig(`${SITE}admin:\n  token: \${TOKEN:-}\n`, 'c.yaml', {})
  t.equal('config' in empty && empty.config.admin.token, null)
})

t.test('what comes from the environment, or is a secret, is never shown', async (t) => {
  const env = { V: 'hunter2' }
  const places = [
    'log:\n  level: ${V}',
    'listen:\n  - address: ${V}',
    'gateway:\n  location: ${V}',
    'trusted_proxies:\n  - ${V}',
    'limits:\n  headers: ${V}',
    'workers: ${V}',
    'cdns:\n  - name: ${V}\n    provider: ${V}\n    url: ${V}\n    bias: ${V}',
    'cdns:\n  - { name: "${V}", provider: http, url: https://a }\n  - { name: "${V}", provider: http, url: "https://${V}:99999" }',
    'admin: { token: hunter2 }',
    'debug: { token: "with hunter2 space" }',
    'cdns:\n  - { name: a, provider: http, url: "https://u:hunter2@x" }',
    'cdns:\n  - { name: a, provider: http, url: "https://u:hunter2@x:99999" }',
  ]
  for (const place of places) {
    const problems = problemsOf(`${SITE}${place}\n`, env)
    t.ok(problems.length > 0, place)
    t.notMatch(problems.join('\n'), /hunter2/)
  }
  const dangling = SITE.replace('policies: { default', 'policies: { x').replace(
    '] } }',
    '] }, routes: [{ policy: "${V}" }] }',
  )
  t.strictSame(problemsOf(dangling, env), ['c.yaml:2:106: sites[0].routes[0].policy: no policy is named this name'])
})
