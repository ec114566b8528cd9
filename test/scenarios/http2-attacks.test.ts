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
const GROWTH = 96 * 1024
/** Of the other client, during each attack. */
const REQUESTS = 5

t.test('attacks with frames cost others nothing, and leave nothing behind', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'fine'))
  const gateway = await startGateway(t, {
    listen: [{ address: '127.0.0.1:0', h2c: true }],
    policies: { default: { mode: 'origin' } },
    sites: [{ name: 'www', hosts: ['*'], origin: { urls: [upstream.url] } }],
  })
  const pid = gateway.child.process.pid!
  const client = await http2Client(t, gateway.url)
  const ask = async () => (await askHttp2(client, { ':path': '/', ':authority': 'a' })).status

  /** Attacks again and again until another client has had so many answers meanwhile. */
  const attackedBy = async (name: string) => {
    const statuses: number[] = []
    let over = false
    const attacking = (async () => {
      do await ATTACKS[name]!(t, gateway.port)
      while (statuses.length < REQUESTS)
    })().finally(() => {
      over = true
    })
    while (!over) {
      statuses.push(await ask())
      await turn()
    }
    await attacking
    t.same([...new Set(statuses)], [200], `${name}: ${statuses.length} requests of another client`)
  }

  const [rapid, ...others] = Object.keys(ATTACKS)
  for (const name of others) await attackedBy(name)
  // What the round before it took is what a process keeps that has been busy.
  await attackedBy(rapid!)
  const memory = rss(pid)
  await attackedBy(rapid!)
  const grown = () => rss(pid) - memory
  await until(() => grown() < GROWTH, { what: () => `memory to come back: ${grown()} KiB more` })
  let open = 0
  const alone = async () => {
    open = (await gateway.metrics()).sum('polycdn_connections', {})
    return open === 1
  }
  await until(alone, { what: () => `${open} connections to become one` })
  t.comment(`${grown()} KiB more, ${upstream.requests.length} requests upstream, ${socketsOf(pid)} sockets`)
})

function rss(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
}
