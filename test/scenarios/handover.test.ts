import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type GatewayProcess, startGateway, writeConfig } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { freePort } from '../helpers/port.ts'
import { skipUnless } from '../helpers/programs.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { startWrk } from '../helpers/wrk.ts'
import { topology } from './topology.ts'

/** net.ipv4.tcp_migrate_req=1: connections that wait move to another listener of the same address. */
const MIGRATES = migrates()

function migrates(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim() === '1'
  } catch {
    return false
  }
}

const CLIENTS = 4
/** Between two requests of a client while a process starts, which would take long with all clients busy. Milliseconds. */
const PAUSE = 20

interface Fixed {
  readonly workers: number
  readonly url: string
  readonly shutdown?: object
}

async function fixedConfig({ workers, url, shutdown = {} }: Fixed) {
  const [port, admin] = [await freePort(), await freePort()]
  const config = {
    ...topology({ edges: [{ name: 'fra', url }] }),
    listen: [{ address: `127.0.0.1:${port}` }],
    admin: { address: `127.0.0.1:${admin}` },
    workers,
    shutdown,
  }
  return { config, port }
}

/** New connections all the time, since kept ones are not at risk; what went wrong. */
async function hammer(url: string, state: { stop: boolean; pause: number }) {
  const failures: string[] = []
  let requests = 0
  const one = async () => {
    while (!state.stop) {
      const agent = new Agent({ keepAlive: false })
      await get(url, { agent }).then(
        ({ status }) => status === 200 || failures.push(String(status)),
        (error: Error) => failures.push(error.message),
      )
      agent.destroy()
      requests++
      if (state.pause > 0) await sleep(state.pause)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, one))
  return { requests, failures }
}

/** `onBeside`: both serve, the old one until now as the first. */
async function takeOver(t: Test, old: GatewayProcess, onBeside: () => void): Promise<GatewayProcess> {
  const next = await startGateway(t, '', { file: old.file, args: ['--beside'] })
  onBeside()
  old.signal('SIGUSR2')
  t.equal((await old.child.exited()).code, 0)
  return next
}

for (const workers of [1, 2]) {
  t.test(`a new process takes over under load, workers: ${workers}: not one request fails`, async (t) => {
    if (!skipUnless(t, 'wrk')) return
    const upstream = await scriptedUpstream(t, answer())
    const { config, port } = await fixedConfig({ workers, url: upstream.url, shutdown: { delay: '500ms' } })
    let gateway = await startGateway(t, config)
    const state = { stop: false, pause: PAUSE }
    const fresh = hammer(`http://127.0.0.1:${port}/`, state)
    const url = `http://127.0.0.1:${port}/`
    const kept = startWrk(t, { url, duration: 60, connections: 8, threads: 1, pause: PAUSE })
    gateway = await takeOver(t, gateway, () => {
      state.pause = 0
    })
    t.match(await gateway.admin('GET', '/readyz'), { status: 200 }, 'the new one answers as the admin')
    state.stop = true
    kept.child.process.kill('SIGINT')
    const [load, { requests, failures }] = [await kept.result(), await fresh]
    t.comment(JSON.stringify({ kept: load.requests, fresh: requests }))
    // The kernel resets who waits to be accepted in the very moment in which a listener closes, or lets another have them.
    const unavoidable = MIGRATES ? 0 : CLIENTS
    t.ok(failures.length <= unavoidable, `new connections: ${failures}`)
    t.same(
      failures.filter((failure) => !/ECONNRESET|hang up/.test(failure)),
      [],
    )
    t.ok(requests > 100 && load.requests > 100)
    t.equal(load.failed + load.socketErrors, 0, `kept connections: ${load.output}`)
  })
}

t.test('without --beside nobody shares addresses with a gateway that runs', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const { config, port } = await fixedConfig({ workers: 1, url: upstream.url })
  const gateway = await startGateway(t, config)
  const admin = { address: '127.0.0.1:0' }
  const listen = [{ address: '127.0.0.1:0' }]
  await t.rejects(startGateway(t, { ...config, admin }), { message: new RegExp(`127.0.0.1:${port} is in use`) })
  await t.rejects(startGateway(t, { ...config, listen }), { message: /is in use by another program/ })
  writeConfig(gateway.file, { ...config, listen: [...config.listen, ...listen] })
  t.equal((await gateway.reload()).status, 200, 'its own addresses are no obstacle')
})

for (const workers of [1, 2]) {
  t.test(`readiness goes first, then the listeners, then what takes too long, workers: ${workers}`, async (t) => {
    const body = [head(200, { 'content-length': '10' }), 'first', new Promise<never>(() => {})]
    const upstream = await scriptedUpstream(t, (request) => (request.target === '/slow' ? body : answer()))
    const shutdown = { delay: '300ms', timeout: '1s' }
    const { config } = await fixedConfig({ workers, url: upstream.url, shutdown })
    const gateway = await startGateway(t, config)
    const slow = await rawClient(t, gateway)
    await slow.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n').received('first')
    gateway.signal('SIGTERM')
    await until(async () => (await gateway.admin('GET', '/readyz')).status === 503, { interval: 1 })
    const late = await rawClient(t, gateway)
    const [last] = await late.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').responses(1)
    t.equal(last?.status, 200, 'still accepts')
    t.match(last?.fields.find(([name]) => /^connection$/i.test(name))?.[1], 'close', 'and says that it is the last one')
    t.equal(await late.ended(), 'fin', 'then closes what idles')
    t.equal(slow.end, 'open', 'what runs goes on')
    await slow.ended()
    t.ok(slow.text.endsWith('first'), 'cut, after the timeout')
    const exit = await gateway.child.exited()
    t.equal(exit.code, 0, exit.stdout + exit.stderr)
  })
}
