import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { diff } from '../../src/commands/diff.ts'
import { reportFailure } from '../../src/commands/failure.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'

const CONFIG = `cdns:
  - { name: fra, provider: http, url: "https://fra.example", locations: [FRA] }
  - { name: sin, provider: http, url: "https://sin.example", locations: [SIN] }
  - { name: ams, provider: http, url: "https://ams.example", locations: [AMS] }
  - { name: any, provider: http, url: "https://any.example" }
  - { name: all, provider: http, url: "https://all.example" }
sites:
  - name: www
    hosts: [www.example.com]
    origin: { urls: ["https://origin.example"] }
    routes:
      - { name: api, match: { path: /api/*, methods: [GET], headers: { x-beta: "1" }, networks: [10.0.0.0/8] }, policy: two }
      - { name: files, match: { path: /files/* }, policy: direct }
      - { name: rest, policy: all }
  - { name: bare, hosts: [bare.example.com], routes: [{ policy: alone }] }
  - { name: cast, hosts: [cast.example.com], routes: [{ policy: anycast }] }
policies:
  anycast: { cdns: [any, all] }
  all: { cdns: [fra, sin, ams] }
  two: { cdns: [fra, sin], tie_threshold: 0km }
  alone: { cdns: [sin], fallback: none }
  direct: { mode: origin }
`

async function run(scope: Scope, before: string, after: string, ...more: readonly string[]) {
  const folder = tempDir(scope, 'diff')
  const files = [join(folder, 'old.yaml'), join(folder, 'new.yaml')] as const
  writeFileSync(files[0], before)
  writeFileSync(files[1], after)
  const { shell, out, err } = fakeShell()
  const code = await diff([...files, ...more], shell).catch((error: unknown) => reportFailure(error, shell))
  return { code, out: out.join('\n'), err }
}

interface Change {
  readonly from: readonly string[] | null
  readonly to: readonly string[] | null
  readonly countries: readonly string[]
}

async function changes(scope: Scope, after: string, ...more: readonly string[]): Promise<Record<string, Change[]>> {
  const { out } = await run(scope, CONFIG, after, '--json', ...more)
  const { comparisons } = JSON.parse(out) as {
    comparisons: { site: string; route: string | null; changes: Change[] }[]
  }
  return Object.fromEntries(comparisons.map(({ site, route, changes }) => [`${site} ${route}`, changes]))
}

t.test('nothing changes, draws among equals included', async (t) => {
  for (const after of [
    CONFIG,
    CONFIG.replace('[any, all]', '[all, any]').replace('name: fra', 'weight: 7, name: fra'),
  ]) {
    t.strictSame(await run(t, CONFIG, after, '--exit-code'), {
      code: 0,
      out: ['api', 'files', 'rest']
        .map((name) => `site www, route ${name}: nothing changes`)
        .join('\n')
        .concat(['bare', 'cast'].map((site) => `\nsite ${site}, route routes[0]: nothing changes`).join('')),
      err: [],
    })
  }
})

t.test('countries are named by where they are', async (t) => {
  const found = await changes(t, CONFIG.replace('[SIN]', '[SIN, GRU]'))
  const only = (name: string, country: string) => found[name]!.find(({ countries }) => countries.includes(country))
  t.strictSame(found['www files'], [])
  t.strictSame(found['bare routes[0]'], [])
  t.match(only('www api', 'BR'), { from: ['fra'], to: ['sin'] })
  t.match(only('www rest', 'BR'), { from: ['ams', 'fra'], to: ['sin'] })
  t.equal(only('www api', 'DE'), undefined)
  t.equal(only('www rest', 'JP'), undefined)
  const all = found['www rest']!.flatMap(({ countries }) => countries)
  t.equal(new Set(all).size, all.length)
})

t.test('what only one of them has', async (t) => {
  const gone = CONFIG.replace(/ {2}- \{ name: bare.*\n/, '').replace('name: files', 'name: data')
  const { code, out } = await run(t, CONFIG, gone, '--exit-code')
  t.equal(code, 1)
  t.match(out, /^site www, route data: \d+ of \d+ countries change\n {2}no route → origin: everywhere$/m)
  t.match(out, /^site www, route files: .*\n {2}origin → no route: everywhere$/m)
  t.match(out, /^site bare, route routes\[0\]: .*\n {2}sin → no route: everywhere$/m)
  const drained = await run(t, CONFIG, CONFIG.replace('name: sin', 'drain: true, name: sin'))
  t.match(drained, { code: 0, out: /site bare.*\n {2}sin → none: everywhere/ })
})

t.test('a single request, matched as the gateway would', async (t) => {
  const after = CONFIG.replace('path: /files/*', 'path: /data/*')
  const files = await changes(t, after, '--path', '/files/a?b')
  t.match(files['www null'], [{ from: ['origin'] }, { from: ['origin'] }])
  t.strictSame(files['bare null'], [])
  t.strictSame((await changes(t, after, '--path', '/other'))['www null'], [])
  const host = await changes(t, after.replace('www.example.com', 'w.example.com'), '--host', 'www.example.com')
  t.match(Object.values(host).flat(), [{ to: null }, { to: null }])
  t.match(await run(t, CONFIG, after, '--host', 'x.test'), { out: 'site none: nothing changes' })
})

t.test('bad input', async (t) => {
  t.match(await run(t, CONFIG, CONFIG.replace('[SIN]', '[SINN]')), {
    code: 2,
    err: [/new\.yaml:3:\d+: .*unknown metro/],
  })
  t.match(await run(t, CONFIG, CONFIG, '--path', 'x'), { code: 2, err: [/malformed/] })
  t.match(await run(t, CONFIG, CONFIG, '--host', 'a b'), { code: 2, err: [/malformed/] })
  t.match(await run(t, CONFIG, CONFIG, 'more'), { code: 2, err: [/two configurations/] })
  const { shell, err } = fakeShell()
  t.equal(await diff(['a.yaml'], shell), 2)
  t.match(err, [/two configurations/])
})
