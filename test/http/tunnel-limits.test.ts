import t from 'tap'
import { answer, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { upgradeServer } from './support/echo-server.ts'
import { cdn, endpoint } from './support/services.ts'
import { gatewayTo, toScript, toServer, upgrade } from './support/upgrades.ts'

t.test('what HTTP and TLS call an upgrade is answered as if it had not been asked for', async (t) => {
  const cases = [
    upgrade({ Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' }),
    upgrade({ Upgrade: 'H2C' }),
    upgrade({ Upgrade: 'TLS/1.0, HTTP/2.0' }),
    upgrade({ Upgrade: 'h2c/1, http/1.1' }),
    upgrade({ Upgrade: '"quoted", ;;' }),
    upgrade({}, 'GET / HTTP/1.0'),
    upgrade({ Upgrade: 'h2c' }, 'OPTIONS / HTTP/1.1'),
  ]
  for (const [at, request] of cases.entries()) {
    const { upstream, client } = await toScript(t, answer(200, 'plain\n'))
    client.send(`${request}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`)
    const [got] = await client.responses(1)
    t.equal(got!.status, 200, `case ${at}`)
    t.equal(got!.body.toString(), 'plain\n')
    t.equal(field(got!, 'upgrade'), undefined)
    t.equal(await client.ended(), 'fin', 'what follows is not read as another request')
    t.equal(upstream.requests.length, 1)
    for (const gone of ['upgrade', 'http2-settings']) t.equal(upstream.requests[0]!.header(gone), undefined)
  }
})

t.test('of several protocols only those that may be tunnelled are asked for', async (t) => {
  const { server, client } = await toServer(t)
  client.send(upgrade({ Upgrade: 'h2c, foo/2, websocket' }))
  await client.received('101')
  t.equal(server.requests[0]!.header('upgrade'), 'foo/2, websocket')
})

t.test('malformed upgrades are refused before anybody is dialled', async (t) => {
  const cases: [request: string, status: number][] = [
    [`${upgrade({ 'Content-Length': '4' })}body`, 400],
    [`${upgrade({ 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`, 400],
    [upgrade({}, 'POST / HTTP/1.1'), 400],
    [upgrade({ Host: 'a b' }), 400],
    [upgrade({}, 'GET /a#b HTTP/1.1'), 400],
    [upgrade({ 'CDN-Loop': 'polycdn-test' }), 508],
  ]
  for (const [request, status] of cases) {
    const { upstream, client, services } = await toScript(t, answer())
    client.send(request)
    const [got] = await client.responses(1)
    t.equal(got!.status, status)
    t.equal(await client.ended(), 'fin')
    t.equal(upstream.connections, 0)
    t.equal((await services.ended(1))[0]!.status, status)
  }
})

t.test('an unknown host is a 404, and a site without an origin answers as to any GET', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'from the CDN\n'))
  const endpoints = [endpoint(upstream.url, { cdn: cdn('one') })]
  const { client, gateway } = await gatewayTo(t, upstream.url, { hosts: ['www.example.com'], origin: [], endpoints })
  client.send(upgrade({ Host: 'other.example' }))
  t.equal((await client.responses(1))[0]!.status, 404)
  const second = await rawClient(t, gateway)
  second.send(upgrade())
  const [got] = await second.responses(1)
  t.equal(got!.status, 200)
  t.equal(got!.body.toString(), 'from the CDN\n')
  t.equal(await second.ended(), 'fin')
})

t.test('an upgrade behind a request that is being answered is not read as part of the answer', async (t) => {
  const hold = Promise.withResolvers<void>()
  const upstream = await scriptedUpstream(t, [head(200, { 'content-length': '10' }), '12345', hold.promise, '67890'])
  const server = await upgradeServer(t)
  const { client, services } = await gatewayTo(t, upstream.url, { unsafeEndpoints: [endpoint(server.url)] })
  client.send(`GET / HTTP/1.1\r\nhost: www.example.com\r\n\r\n${upgrade()}`)
  t.equal(await client.ended(), 'reset')
  t.notMatch(client.text, '101')
  t.equal(server.requests.length, 0)
  t.same(services.logLines.all, [], 'an internal error it is not')
  hold.resolve()
})

t.test('tunnels may be half of all connections', async (t) => {
  const { client, gateway } = await toServer(t, undefined, { limits: { connections: 2 } })
  client.send(upgrade())
  await client.received('101')
  const second = await rawClient(t, gateway)
  second.send(upgrade())
  const [got] = await second.responses(1)
  t.equal(got!.status, 503)
  t.match(got!.body.toString(), '(too_many_tunnels)')
  t.ok(field(got!, 'retry-after'))
  client.close()
  await until(() => gateway.tunnels.open === 0)
  const third = await rawClient(t, gateway)
  third.send(upgrade())
  await third.received('101')
})

t.test('draining takes no new ones, waits for the open ones, and then ends them', async (t) => {
  const { client, gateway, services } = await toServer(t)
  client.send(upgrade())
  await client.received('101')
  const patient = gateway.tunnels.drain(60_000)
  const late = await rawClient(t, gateway)
  late.send(upgrade())
  const [got] = await late.responses(1)
  t.equal(got!.status, 503)
  t.match(got!.body.toString(), '(shutting_down)')
  client.send('still here')
  await client.received('still here')
  client.halfClose()
  await patient
  t.equal(gateway.tunnels.open, 0)
  t.equal((await services.ended(2)).length, 2)
})

t.test('after the deadline of a drain open tunnels end, and those under way are refused', async (t) => {
  const open = await toServer(t)
  open.client.send(upgrade())
  await open.client.received('101')
  const socket = await open.server.upgraded(1)
  await open.gateway.tunnels.drain(0)
  t.equal(await open.client.ended(), 'fin')
  await until(() => socket.destroyed || socket.readableEnded)

  const thinking = await toScript(t, ['stall!'])
  thinking.client.send(upgrade())
  await thinking.upstream.received(1)
  await thinking.gateway.tunnels.drain(0)
  t.equal((await thinking.client.responses(1))[0]!.status, 503)

  const stalled = await toServer(t, (upgraded) => {
    upgraded.on('error', () => {})
    const pump = () => {
      while (!upgraded.destroyed && upgraded.write(Buffer.alloc(1024 * 1024)));
      if (!upgraded.destroyed) upgraded.once('drain', pump)
    }
    pump()
  })
  stalled.client.send(upgrade())
  await stalled.client.received('101')
  stalled.client.socket.pause()
  await stalled.gateway.tunnels.drain(0)
  t.equal(stalled.gateway.tunnels.open, 0, 'one that cannot be told is ended too')
})
