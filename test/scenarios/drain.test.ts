import { connect } from 'node:net'
import t from 'tap'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
}

async function startSlow(t: Parameters<typeof startGateway>[0]) {
  const gate = Promise.withResolvers<void>()
  const slow = [head(200, { 'content-length': '10' }), 'first', gate.promise, '-last']
  const upstream = await scriptedUpstream(t, (request) => (request.target === '/slow' ? slow : answer()))
  const gateway = await startGateway(t, topology({ edges: [{ name: 'fra', url: upstream.url }] }))
  const client = await rawClient(t, gateway)
  client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.received('first')
  return { gate, gateway, client, upstream }
}

async function readiness(gateway: Gateway): Promise<number> {
  return (await gateway.admin('GET', '/readyz')).status
}

t.test('SIGTERM: no longer ready, new connections refused, the slow body completes, exit 0', async (t) => {
  const { gate, gateway, client } = await startSlow(t)
  const idle = await rawClient(t, gateway)
  await idle.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').responses(1)
  t.equal(await readiness(gateway), 200)
  gateway.signal('SIGTERM')
  await until(async () => (await readiness(gateway)) === 503, { what: '/readyz to turn 503' })
  await until(() => refused(gateway.port), { what: 'new connections to be refused' })
  t.equal(await idle.ended(), 'fin', 'an idle connection is closed')
  t.equal(gateway.child.exit, null, 'it waits for the body')
  gate.resolve()
  const [got] = await client.responses(1)
  t.equal(got?.status, 200)
  t.equal(got?.body.toString(), 'first-last')
  const exit = await gateway.child.exited()
  t.equal(exit.code, 0, exit.stdout + exit.stderr)
  t.equal(exit.stderr, '')
})

t.test('SIGTERM with nothing under way ends at once', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const gateway = await startGateway(t, topology({ edges: [{ name: 'fra', url: upstream.url }] }))
  const exit = await gateway.close()
  t.equal(exit.code, 0)
  t.equal(exit.signal, null)
})
