import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { freePort } from '../helpers/port.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'

function configOf(upstream: string, admin: string): string {
  return `version: 1
listen: [{ address: "127.0.0.1:0" }]
admin: ${admin}
cdns: [{ name: a, provider: http, url: ${upstream}, locations: [FRA] }]
sites: [{ name: s, hosts: ["*"], routes: [{ policy: default }] }]
policies: { default: { cdns: [a] } }
`
}

t.test('the admin follows its address on reload, and never loses its token on the way', async (t) => {
  const upstream = await scriptedUpstream(t, [])
  const [first, second] = [await freePort(), await freePort()]
  const wide = `{ address: "0.0.0.0:${first}", token: a-long-enough-token }`
  const gateway = await startGateway(t, configOf(upstream.url, wide))
  t.equal((await fetch(`http://127.0.0.1:${first}/metrics`)).status, 401)
  await gateway.write(configOf(upstream.url, `{ address: "127.0.0.1:${second}" }`))
  const status = async (port: number) =>
    fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.status,
      () => null,
    )
  await until(async () => (await status(second)) === 200, { what: 'the admin at its new address' })
  await until(async () => (await status(first)) === null, { what: 'the end of the old one' })
})
