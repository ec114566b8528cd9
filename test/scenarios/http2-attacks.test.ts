import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { socketsOf } from '../helpers/process-sockets.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { askHttp2, http2Client } from '../http/support/http2-client.ts'
import { ATTACKS } from './http2-attacks.ts'

/** Of memory, in KiB. */
const GROWTH = 128 * 1024

t.test('attacks with frames cost others nothing, and leave nothing behind', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'fine'))
  const gateway = await startGateway(t, {
    listen: [{ address: '127.0.0.1:0', h2c: true }],
    policies: { default: { mode: 'origin' } },
    sites: [{ name: 'www', hosts: ['*'], origin: { urls: [upstream.url] } }],
  })
  const pid = gateway.child.process.pid!
  const ask = async () => (await askHttp2(await client, { ':path': '/', ':authority': 'a' })).status
  const client = http2Client(t, gateway.url)
  const [rapid, ...others] = Object.entries(ATTACKS)
  let memory = 0
  // The first round warms up what the second is measured against.
  for (const [name, attack] of [...others, rapid!, rapid!, rapid!]) {
    if (name === rapid![0] && memory > -2 && memory <= 0) memory--
    else if (memory === -2) memory = rss(pid)
    let over = false
    const attacking = attack(t, gateway.port).finally(() => {
      over = true
    })
    const statuses = []
    while (!over || statuses.length === 0) {
      statuses.push(await ask())
      await turn()
    }
    await attacking
    t.same([...new Set(statuses)], [200], `${name}: ${statuses.length} requests of another client`)
  }
  const grown = () => rss(pid) - memory
  await until(() => grown() < GROWTH, { what: () => `memory to come back: ${grown()} KiB more` })
  t.comment(`${grown()} KiB more, ${upstream.requests.length} requests upstream, ${socketsOf(pid)} sockets`)
})

function rss(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
}
