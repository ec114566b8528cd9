// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration look like that
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { purge as purgeCommand } from '../../src/commands/purge.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { startGateway, writeConfig } from '../helpers/gateway.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'

const SECRETS = { T_CLOUDFLARE: 'canary-cloudflare-token', T_FASTLY: 'canary-fastly-token' }
const json = (status: number, content: object, fields: Readonly<Record<string, string>> = {}) =>
  answer(status, JSON.stringify(content), { 'content-type': 'application/json', ...fields })

t.test('a purge is in force here and told to the CDNs; what is not purged yet is told, and tried on', async (t) => {
  const edge = await scriptedUpstream(t, answer(200, 'edge'))
  const cloudflare = await scriptedUpstream(t, json(200, { success: true, errors: [] }))
  const fastly = await scriptedUpstream(t, json(200, { status: 'ok', id: '1' }))
  const cdn = (name: string, more: object = {}) => ({ name, provider: 'http', url: edge.url, ...more })
  const file = join(tempDir(t, 'purge'), 'config.yaml')
  const config = {
    workers: 2,
    state_dir: 'state',
    cdns: [
      cdn('cf', {
        host_header: 'edge.example.net',
        path_template: '/base{path}',
        purge: { api: 'cloudflare', zone: '0'.repeat(32), token: '${T_CLOUDFLARE}', endpoint: cloudflare.url },
      }),
      cdn('fst', {
        host_header: 'preserve',
        purge: { api: 'fastly', service: 's1', token: '${T_FASTLY}', endpoint: fastly.url },
      }),
      cdn('none'),
    ],
    sites: [
      { name: 'www', hosts: ['www.example.com'], routes: [{ policy: 'default' }] },
      { name: 'alone', hosts: ['alone.example.com'], routes: [{ policy: 'alone' }] },
    ],
    policies: {
      default: { cdns: ['cf', 'fst', 'none'], fallback: 'none' },
      alone: { cdns: ['fst'], fallback: 'none' },
    },
  }
  writeConfig(file, config)
  const gateway = await startGateway(t, '', { file, env: SECRETS })
  const post = async (body: object) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${gateway.adminUrl}/purge`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as { readonly id: string; readonly at: string } }
  }
  const URLS = ['https://www.example.com/a/../b?x=1']

  await t.test('all of it', async (t) => {
    const { status, body } = await post({ site: 'www', urls: URLS, tags: ['x'] })
    t.equal(status, 200)
    t.match(body, {
      site: 'www',
      urls: 1,
      tags: 1,
      purged: ['https://www.example.com/b?x=1', 'tag x'],
      kept: true,
      complete: false,
      cdns: [
        { cdn: 'cf', status: 'purged', calls: 2, done: 2 },
        { cdn: 'fst', status: 'purged', calls: 2, done: 2 },
        { cdn: 'none', status: 'not-configured' },
      ],
    })
    const sent = cloudflare.requests.map(({ method, target, body }) => [method, target, JSON.parse(String(body))])
    t.same(sent, [
      ['POST', `/client/v4/zones/${'0'.repeat(32)}/purge_cache`, { files: ['http://edge.example.net/base/b?x=1'] }],
      ['POST', `/client/v4/zones/${'0'.repeat(32)}/purge_cache`, { tags: ['x'] }],
    ])
    t.match(String(cloudflare.requests[0]!.raw), /authorization: Bearer canary-cloudflare-token/)
    t.equal(fastly.requests[0]!.target, '/purge/www.example.com/b?x=1')
    const kept = JSON.parse(readFileSync(join(dirname(file), 'state', 'purges.json'), 'utf8')).purges
    t.match(kept, [
      { site: 'www', target: { kind: 'url', value: 'https://www.example.com/b?x=1' } },
      {},
      { target: { kind: 'tag' } },
    ])
  })

  await t.test('what is pending ends later, and is purged here once more then', async (t) => {
    fastly.play(json(503, {}, { 'retry-after': '1' }))
    const { body } = await post({ site: 'alone', urls: ['http://alone.example.com/a'], wait: 0 })
    t.match(body, {
      complete: false,
      cdns: [{ cdn: 'fst', status: 'pending', not_purged: [{ asked: 'http://alone.example.com/a' }] }],
    })
    t.equal((await gateway.metrics()).value('polycdn_cdn_purges_pending', { cdn: 'fst' }), 1)
    fastly.play(json(200, { status: 'ok' }))
    const reports = async () => JSON.parse((await gateway.admin('GET', '/purge')).body).purges
    const [last, first] = await until(async () => {
      const found = await reports()
      return found[0].complete && found
    })
    t.match(last, { id: body.id, cdns: [{ cdn: 'fst', status: 'purged' }] })
    t.match(first, { site: 'www' })
    const restamped = () => {
      const { purges } = JSON.parse(readFileSync(join(dirname(file), 'state', 'purges.json'), 'utf8'))
      return purges.find(({ site }: { site: string }) => site === 'alone').at > Date.parse(body.at)
    }
    t.ok(await until(restamped))
  })

  await t.test('what makes no sense is refused with its place', async (t) => {
    t.match(await post({ site: 'www', urls: ['https://alone.example.com/'] }), {
      status: 400,
      body: { error: 'host_elsewhere', message: 'urls[0]: alone.example.com is no host of the site "www"' },
    })
    t.match(await post({ site: 'nobody', all: true }), { status: 404, body: { error: 'site_not_here' } })
  })

  await t.test('the command prints the report, and its exit code says whether all have forgotten', async (t) => {
    const moved = join(dirname(file), 'moved.yaml')
    writeFileSync(
      moved,
      readFileSync(file, 'utf8').replace('127.0.0.1:0\nworkers', `${gateway.adminUrl.slice(7)}\nworkers`),
    )
    const run = async (...args: string[]) => {
      const { shell, out, err } = fakeShell({ env: SECRETS })
      const code = await purgeCommand(['--config', moved, ...args], shell)
      return { code, out: out.join('\n'), err: err.join('\n') }
    }
    const good = await run('--site', 'alone', '--tag', 'x', '--tag', 'y')
    t.equal(good.code, 0, good.err)
    t.equal(
      good.out,
      'alone: 2 tags\n\nwhere  status  calls  done  not purged\nhere   purged\nfst    purged      1     1           0',
    )
    const bad = await run('--site', 'www', '--all', '--prefix', 'https://www.example.com/im', '--soft', '--wait', '5')
    t.equal(bad.code, 1)
    t.match(bad.out, /^www: everything, 1 prefix, soft\n/)
    t.match(bad.out, /\ncf +unsupported +0 +0 +2\n/)
    t.match(
      bad.out,
      /\ncf: not purged: https:\/\/www\.example\.com\/im\*: it has no soft purge; "widen" would make it a hard one\n/,
    )
    const asJson = await run('--site', 'www', '--url', URLS[0]!, '--json')
    t.match(JSON.parse(asJson.out), { site: 'www', complete: false })
    t.match(await run('--site', 'nobody', '--all'), { code: 2, err: 'polycdn: site: no site is named "nobody"' })
    t.match(await run('--site', 'www', '--all', '--wait', 'long'), { code: 2, err: /wait: expected seconds/ })
    t.match(await run('--all'), { code: 2, err: /needs --config FILE and --site NAME/ })
  })

  const metrics = await gateway.metrics()
  t.equal(metrics.value('polycdn_purges_total', { site: 'alone', kind: 'tag' }), 2)
  t.equal(metrics.value('polycdn_purges_total', { site: 'www', kind: 'site' }), 1)
  t.equal(metrics.value('polycdn_cdn_purges_total', { cdn: 'cf', result: 'unsupported' }), 1)
  t.equal(metrics.value('polycdn_cdn_purges_pending', { cdn: 'fst' }), 0)
  // A Cdn that does not answer holds up no end.
  fastly.play(['stall!'])
  t.match(await post({ site: 'alone', tags: ['z'], wait: 0 }), { status: 200 })
  const exit = await gateway.close()
  t.equal(exit.code, 0)
  t.match(
    gateway.logs.find(({ event }) => event === 'cdn-not-purged'),
    { level: 'warn' },
  )
  t.notMatch(exit.stdout + exit.stderr, /canary/)
})
