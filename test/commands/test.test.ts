import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { test } from '../../src/commands/test.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'

const CONFIG = `cdns:
  - { name: fra, provider: http, url: "https://fra.example", locations: [FRA] }
  - { name: ams, provider: http, url: "https://ams.example", locations: [AMS] }
  - name: sin
    provider: http
    endpoints:
      - { url: "https://sin1.example", location: SIN }
      - { url: "https://sin2.example", location: SIN }
  - { name: out, provider: http, url: "https://out.example", drain: true }
sites:
  - name: www
    hosts: [www.example.com]
    origin: { urls: ["https://origin.example"] }
    routes:
      - { name: beta, match: { headers: { x-beta: "1" } }, policy: sent }
      - { name: api, match: { path: /api/* }, policy: direct }
      - { name: only, match: { path: /only/* }, policy: only }
      - { policy: default }
  - { name: bare, hosts: [bare.example.com], routes: [{ match: { path: /a }, policy: only }] }
policies:
  default: { cdns: [fra, ams, sin, out] }
  sent: { extends: default, mode: redirect, redirect: { status: 307 } }
  only: { cdns: [fra], fallback: none }
  direct: { mode: origin }
tests:
`

const LONDON = 'client_ip: 81.2.69.142, host: www.example.com'
const SINGAPORE = 'client_ip: 137.132.1.1, host: www.example.com'

async function run(scope: Scope, tests: readonly string[], ...args: readonly string[]) {
  const file = join(tempDir(scope, 'tests'), 'c.yaml')
  writeFileSync(file, CONFIG + tests.map((one) => `  - { ${one} }\n`).join(''))
  const fake = fakeShell()
  const code = await test(['--config', file, ...args], fake.shell)
  return { code, file, ...fake }
}

const HOLD = [
  `${LONDON}, expect: { cdn: [fra, ams], not: [sin, out], reason: tie-break, site: www, route: "routes[3]", within: 700km }`,
  `${LONDON}, expect: { rejected: { out: drained }, policy: default }`,
  `${LONDON}, given: { unhealthy: [fra] }, expect: { cdn: ams, candidates: [ams, sin], rejected: { fra: unhealthy } }`,
  `${LONDON}, given: { unhealthy: [fra], ejected: [ams], drained: ["https://sin1.example"] }, expect: { cdn: sin, reason: failover-unhealthy }`,
  `${LONDON}, given: { corrupt: [fra, ams, sin] }, expect: { cdn: origin, reason: origin }`,
  `${LONDON}, headers: { x-beta: "1" }, expect: { route: beta, status: 307 }`,
  `${LONDON}, headers: { x-beta: "1", accept: text/html }, expect: { cdn: [fra, ams] }`,
  `${LONDON}, path: /api/x?y, expect: { cdn: origin, route: api }`,
  `${LONDON}, path: /only/a, given: { corrupt: [fra] }, expect: { cdn: none, status: 503 }`,
  `${LONDON}, method: POST, expect: { cdn: origin }`,
  `client_ip: "2001:620::1", host: bare.example.com, path: /a, method: POST, expect: { status: 405 }`,
  'client_ip: 81.2.69.142, host: bare.example.com, path: /b, expect: { site: bare, status: 404, cdn: none }',
  'client_ip: 81.2.69.142, host: nowhere.example.com, expect: { status: 404 }',
  `${LONDON}, path: /%00, expect: { status: 400 }`,
  `${SINGAPORE}, name: "two endpoints of one CDN", expect: { cdn: sin, reason: tie-break }`,
]

t.test('what holds, whatever chance says', async (t) => {
  const { code, out, err } = await run(t, HOLD)
  t.strictSame(
    out.filter((line) => line.startsWith('FAIL')),
    [],
  )
  t.equal(out.at(-1), `${HOLD.length} passed, 0 failed`)
  t.match(out, ['ok    tests[0]: GET www.example.com/ from 81.2.69.142'])
  t.equal(code, 0)
  t.strictSame(err, [])
})

const FAIL: readonly (readonly [test: string, failure: string])[] = [
  [`${LONDON}, expect: { cdn: §fra }`, 'cdn: expected fra, got '],
  [`${LONDON}, expect: { cdn: §[sin, origin] }`, 'cdn: expected sin or origin, got '],
  [`${LONDON}, expect: { not: §ams }`, 'not: expected neither of ams, got '],
  [`${LONDON}, expect: { candidates: §[fra, ams] }`, 'candidates: expected fra, ams, got '],
  [`${SINGAPORE}, expect: { candidates: §[sin, fra] }`, 'candidates: expected sin, fra, got sin, sin'],
  [`${SINGAPORE}, expect: { reason: §proximity }`, 'reason: expected proximity, got tie-break'],
  [`${LONDON}, expect: { rejected: §{ fra: drained } }`, 'rejected: expected fra: drained, got fra: not rejected'],
  [`${LONDON}, expect: { site: §bare }`, 'site: expected bare, got www'],
  [`${LONDON}, expect: { route: §api }`, 'route: expected api, got routes[3]'],
  [`${LONDON}, expect: { policy: §only }`, 'policy: expected only, got default'],
  [`${LONDON}, expect: { status: §302 }`, 'status: expected 302, got that of an upstream'],
  [`${LONDON}, expect: { within: §100km }`, 'within: expected at most 100km, got '],
  [`${LONDON}, path: /api/x, expect: { within: §100km }`, 'within: expected at most 100km, got no distance'],
  [`${LONDON}, path: /%zz, expect: { cdn: §fra }`, 'cdn: expected fra, got none'],
]

t.test('what does not hold is told with its place and the explanation', async (t) => {
  const { code, file, out } = await run(
    t,
    FAIL.map(([test]) => test.replace('§', '')),
  )
  t.equal(code, 1)
  t.equal(out.at(-1), `0 passed, ${FAIL.length} failed`)
  for (const [at, [test, failure]] of FAIL.entries()) {
    const place = `${file}:${CONFIG.split('\n').length + at}:${'  - { '.length + test.indexOf('§') + 1}`
    t.ok(out[at]!.includes(`${place}: tests[${at}].expect.${failure}`), `${place} ${failure} in ${out[at]}`)
  }
  t.match(out[0], /cdn: expected fra, got (fra or ams|ams or fra)\n/)
  t.match(out[0], /│ {2}├─ 1\. (fra|ams) .*tie-break, \d+ km\n/)
  t.match(out[0], /├─ the first is drawn anew for each request: (fra or ams|ams or fra)\n/)
  t.match(out.at(-2), /the request itself is refused/)
})

t.test('as JSON', async (t) => {
  const { code, file, out } = await run(
    t,
    [HOLD[0]!, `name: x, ${LONDON}, path: /api/, expect: { cdn: fra }`],
    '--json',
  )
  t.equal(code, 1)
  const line = CONFIG.split('\n').length + 1
  t.match(JSON.parse(out[0]!), {
    passed: 1,
    failed: 1,
    tests: [
      { name: 'tests[0]', ok: true, failures: [], explanation: { drawn_among: { length: 2 } } },
      {
        name: 'x',
        ok: false,
        file,
        line,
        failures: [{ key: 'cdn', expected: 'fra', got: 'origin', line }],
        explanation: { site: 'www', decision: { mode: 'origin' } },
      },
    ],
  })
})

t.test('nothing to run, and nothing to run it with', async (t) => {
  const { code, out } = await run(t, ['client_ip: 81.2.69.142, host: a, expect: { status: 404 }'])
  t.equal(code, 0)
  t.strictSame(out.slice(1), ['1 passed, 0 failed'])
  const { shell, err } = fakeShell()
  t.equal(await test([], shell), 2)
  t.match(err, [/needs --config/])
})
