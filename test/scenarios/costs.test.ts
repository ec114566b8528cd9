import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { costs } from '../../src/commands/costs.ts'
import type { Statement } from '../../src/costs/ledger.ts'
import { commandHere } from '../helpers/command-here.ts'
import { type Gateway, runCommand, startGateway, startGatewayHere, writeConfig } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer, countedBody, cut } from '../helpers/misbehaviour.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'

const BODY = countedBody(100_000)
/** More than the heads of our scripted answers have. */
const HEADS = 2_000

async function statements(gateway: Gateway): Promise<Readonly<Record<string, Statement>>> {
  const { cdns } = JSON.parse((await gateway.admin('GET', '/costs')).body) as { cdns: Statement[] }
  return Object.fromEntries(cdns.map((one) => [one.cdn, one]))
}

/** One CDN with a small volume that is paid for, a cheap and a dear one near it, and one too far away. */
async function config(scope: Scope, workers: number) {
  const etag = { etag: '"1"' }
  const paid = await scriptedUpstream(scope, answer(200, BODY, etag))
  const cheap = await scriptedUpstream(scope, answer(200, BODY, etag))
  const dear = await scriptedUpstream(scope, answer(200, BODY, etag))
  const cdn = (name: string, url: string, location: string, terms: object) => {
    return { name, provider: 'http', url, locations: [location], ...terms }
  }
  const cdns = [
    cdn('dear', dear.url, 'FRA', { pricing: { per_gb: { EU: 0.1, default: 0.2 } } }),
    cdn('cheap', cheap.url, 'AMS', { pricing: { per_gb: 0.01, per_10k_requests: 1 } }),
    cdn('paid', paid.url, 'LHR', { commit: { gb: 0.00035, price_per_month: 100, overage_per_gb: 0.5 } }),
    cdn('remote', dear.url, 'SYD', { pricing: { per_gb: 0.001 } }),
  ]
  const names = cdns.map(({ name }) => name)
  const routes = [{ match: { path: '/sent/*' }, policy: 'sent' }, { policy: 'default' }]
  const policies = {
    default: {
      cdns: names,
      strategy: 'cost',
      fallback: 'none',
      cost: { burst_to: ['dear'] },
      resume: { enabled: false },
    },
    sent: { cdns: ['cheap'], mode: 'redirect' },
  }
  const geoip = { overrides: { '127.0.0.0/8': 'FRA' } }
  const sites = [{ name: 'www', hosts: ['*'], routes }]
  return { upstreams: { paid, cheap, dear }, config: { cdns, sites, policies, geoip, workers, state_dir: 'state' } }
}

for (const workers of [1, 2]) {
  t.test(`what every CDN delivers is metered, priced and kept, with ${workers} worker(s)`, async (t) => {
    const { upstreams, config: written } = await config(t, workers)
    const file = join(tempDir(t, 'costs'), 'config.yaml')
    writeConfig(file, written)
    const first = await startGateway(t, '', { file })
    t.equal((await statements(first)).paid!.bytes, 0)

    // Within the volume that is paid for, which half a month of clock decides about, and then beyond it.
    const reasons = async () => {
      const metrics = await first.metrics()
      return metrics.sum('polycdn_decisions_total', { reason: 'commit-burst' })
    }
    await until(
      async () => {
        t.equal((await get(`${first.url}/a.bin`)).body.length, BODY.length)
        return (await reasons()) >= 2
      },
      { what: 'dear takes what the commit does not pay for' },
    )
    // Broken off in the middle: what came of it was delivered, and is billed.
    upstreams.dear.play(cut(BODY, 40_000, 'reset!', { etag: '"1"' }))
    await get(`${first.url}/b.bin`).catch(() => null)
    const sent = await get(`${first.url}/sent/c.bin`)
    t.equal(sent.status, 302)
    const asked = { paid: upstreams.paid.requests.length, dear: upstreams.dear.requests.length }
    const settled = await until(
      async () => {
        const all = await statements(first)
        return all.dear!.requests === asked.dear && all.cheap!.estimated_bytes > 0 && all
      },
      { what: 'all of it in the ledger' },
    )
    const { paid, dear, cheap, remote } = settled
    t.equal(paid!.requests, asked.paid)
    t.ok(paid!.bytes >= asked.paid * BODY.length && paid!.bytes <= asked.paid * BODY.length + HEADS, `${paid!.bytes}`)
    t.ok(paid!.bytes >= 350_000, 'until the commit is reached')
    t.ok(Math.abs(paid!.cost - 100 - 0.5 * (paid!.bytes / 1e9 - 0.00035)) < 1e-9)
    const whole = (asked.dear - 1) * BODY.length + 40_000
    t.ok(dear!.bytes >= whole && dear!.bytes <= whole + HEADS, `${dear!.bytes} of ${whole}`)
    t.ok(Math.abs(dear!.cost - (dear!.bytes / 1e9) * 0.1) < 1e-9 || dear!.cost > 0)
    t.ok(cheap!.estimated_bytes > 50_000, `what bodies are like here: ${cheap!.estimated_bytes}`)
    t.equal(remote!.bytes, 0)
    const metrics = await first.metrics()
    t.equal(metrics.value('polycdn_cdn_month_bytes', { cdn: 'cheap', source: 'estimated' }), cheap!.estimated_bytes)
    t.equal(metrics.value('polycdn_cdn_month_cost', { cdn: 'paid' }), paid!.cost)
    t.equal((await first.close()).code, 0)

    const args = ['--config', file, '--offline', '--json']
    const offline = await (workers === 1 ? commandHere(costs, args) : runCommand(t, ['costs', ...args]).exited())
    t.equal(offline.code, 0, offline.stderr)
    const kept = JSON.parse(offline.stdout).cdns as Statement[]
    t.same(
      kept.map(({ bytes }) => bytes),
      [dear, cheap, paid, remote].map((one) => one!.bytes),
    )
    if (workers === 1) await damage(t, file, kept)
  })
}

/** A file with one entry damaged: it is said, and the others are there. */
async function damage(t: Scope & Tap, file: string, kept: readonly Statement[]): Promise<void> {
  const path = join(dirname(file), 'state', 'costs.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace('"cdn":"dear"', '"cdn":1'))
  const second = await startGatewayHere(t, '', { file })
  await second.logged('costs-state-damaged')
  const all = await statements(second)
  t.equal(all.dear!.bytes, 0)
  t.equal(all.paid!.bytes, kept.find(({ cdn }) => cdn === 'paid')!.bytes)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('admin:\n  address: 127.0.0.1:0', `admin:\n  address: ${second.adminUrl.slice(7)}`))
  const table = await commandHere(costs, ['--config', file])
  t.equal(table.code, 0, table.stderr)
  t.match(table.stdout, /^CDN +month +GB .*\ndear +20\d\d-\d\d +0\.000/)
  await second.close()
  const nobody = await commandHere(costs, ['--config', file])
  t.equal(nobody.code, 1)
  t.match(nobody.stderr, /no gateway answers/)
}

type Tap = Pick<typeof t, 'equal' | 'match'>
