import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { freePort } from '../helpers/port.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'

function configOf(upstream: string, admin: string): string {
  return `version: 1
workers: 2
listen: [{ address: "127.0.0.1:0" }]
admin: ${admin}
cdns: [{ name: a, provider: http, url: ${upstream}, locations: [FRA] }]
sites: [{ name: s, hosts: ["*"], routes: [{ policy: default }] }]
policies: { default: { cdns: [a] } }
`
}

t.test('the admin follows its address on reload, and neither address loses its token on the way', async (t) => {
  const upstream = await scriptedUpstream(t, [])
  const [first, second] = [await freePort(), await freePort()]
  const wide = (port: number) => `{ address: "0.0.0.0:${port}", token: a-long-enough-token }`
  const narrow = (port: number) => `{ address: "127.0.0.1:${port}" }`
  // Workers take a while to be prepared: meanwhile both addresses are open.
  const gateway = await startGateway(t, configOf(upstream.url, wide(first)))
  const status = async (port: number) =>
    fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.status,
      () => null,
    )
  t.equal(await status(first), 401)
  /** Moves the admin and asks its wide address without a token as often as possible: what it ever answered. */
  const moved = async (admin: string, [from, to]: readonly [number, number], watched: number) => {
    gateway.write(configOf(upstream.url, admin))
    const seen = new Set<number | null>()
    const there = watched === to ? 401 : 200
    await until(
      async () => {
        const answers = [await status(watched), await status(watched)]
        for (const answer of answers) seen.add(answer)
        return (await status(to)) === there && (await status(from)) === null
      },
      { what: `the admin at ${to} only` },
    )
    return seen
  }
  t.notOk((await moved(narrow(second), [first, second], first)).has(200), 'the old address keeps the old token')
  t.notOk((await moved(wide(first), [second, first], first)).has(200), 'the new one has the new from the first moment')

  gateway.write(configOf(upstream.url, `{ address: "0.0.0.0:${second}" }`))
  const rejected = await gateway.logged('config-rejected')
  t.match(rejected.problems, [/admin\.address/], 'another machine could reach it without a token')
  t.same([await status(first), await status(second)], [401, null])
})
