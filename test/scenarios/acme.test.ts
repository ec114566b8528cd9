import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { Agent, request as secureRequest } from 'node:https'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { type AcmeDirectory, startAcmeDirectory } from '../helpers/acme-directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { freePort } from '../helpers/port.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { killWorker, workersReady } from '../helpers/worker-processes.ts'

const DAY = 86_400_000

function configFor(directory: AcmeDirectory, port: number, origin: string, stateDir: string) {
  return {
    workers: 2,
    state_dir: stateDir,
    listen: [
      { address: '127.0.0.1:0', https_redirect: true },
      { address: `127.0.0.1:${port}`, tls: { acme: { email: 'ops@example.com', directory: directory.url } } },
    ],
    policies: { default: { mode: 'origin' } },
    sites: [{ name: 'www', hosts: ['a.test', 'b.test', '*.wild.test'], origin: { urls: [origin] } }],
  }
}

/** A handshake; resolves to the serial number of a certificate that was verified for that name. */
async function serialOf(port: number, name: string, ca: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: name, ca })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.resume().end()
  await once(socket, 'close')
  return serialNumber
}

/** Requests over one connection that stays open. */
function longLived(scope: Scope, port: number, name: string, ca: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, servername: name })
  scope.teardown(() => agent.destroy())
  const sockets = new Set<unknown>()
  const ask = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, agent, headers: { host: name } }
      const sent = secureRequest(options, (response) => {
        sockets.add(response.socket as TLSSocket)
        response.resume().on('end', () => resolve(response.statusCode))
      })
      sent.on('error', reject).end()
    })
  return { ask, sockets }
}

t.test(
  'every process serves what was ordered, renewals drop no connection, and a restart orders nothing',
  async (t) => {
    const directory = await startAcmeDirectory(t, { badNonces: 0.1 })
    const ca = directory.authority.root
    const origin = await scriptedUpstream(t, ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'])
    const stateDir = tempDir(t, 'state')
    // Two thirds of their life are over: renewed again and again, while they still serve.
    Object.assign(directory.options, { age: 30 * DAY, lifetime: DAY })
    const port = await freePort()
    const config = configFor(directory, port, origin.url, stateDir)
    const gateway = await startGateway(t, config)
    await workersReady(gateway, 2)
    await t.rejects(serialOf(port, 'a.test', ca), 'no certificate yet: the handshake is refused')
    directory.options.port = gateway.port

    const first = await until(() => serialOf(port, 'a.test', ca), { what: () => gateway.child.stdout })
    const { ask, sockets } = longLived(t, port, 'a.test', ca)
    t.equal(await ask(), 200)
    await until(async () => (await serialOf(port, 'a.test', ca)) !== first, { what: 'a renewed certificate' })
    t.equal(await ask(), 200)
    t.equal(sockets.size, 1, 'the connection of before is still the same')

    Object.assign(directory.options, { age: 1000, lifetime: 90 * DAY })
    const turn = directory.ordered.length
    const settled = () => new Set(directory.ordered.slice(turn)).size === 2 && directory.pending === 0
    await until(settled, { what: 'certificates that last', timeout: 20_000 })
    const redirected = await get(`${gateway.url}/x`, { headers: { host: 'a.test' } })
    t.match([redirected.status, redirected.headers.location], [308, 'https://a.test/x'])
    const unknown = await get(`${gateway.url}/.well-known/acme-challenge/nobody`, { headers: { host: 'a.test' } })
    t.equal(unknown.status, 308, 'an unknown token is a path like any other')
    await killWorker(gateway)
    await workersReady(gateway, 2)
    const serials = new Set(await Promise.all(Array.from({ length: 16 }, () => serialOf(port, 'b.test', ca))))
    t.equal(serials.size, 1, 'old and new processes show the same')
    const metrics = await gateway.metrics()
    t.ok(metrics.sum('polycdn_tls_certificate_expiry_timestamp_seconds') > 2 * (Date.now() / 1000))
    const [folder] = readdirSync(join(stateDir, 'acme'))
    const account = join(stateDir, 'acme', folder!, 'account.pem')
    t.equal(statSync(account).mode & 0o777, 0o600)
    const told = [gateway.child.stdout, gateway.child.stderr, (await gateway.admin('GET', '/status')).body].join()
    const key = readFileSync(account, 'utf8').split('\n')
    t.same(
      key.filter((line) => line !== '' && told.includes(line)),
      [],
      'nothing tells of the account’s key',
    )
    t.equal((await gateway.close()).code, 0)
    const { length } = directory.issued

    const again = await startGateway(t, { ...config, workers: 1 })
    t.equal(await serialOf(port, 'b.test', ca), [...serials][0], 'there from the first handshake on')
    t.equal(directory.issued.length, length)
    t.equal(directory.accounts, 1)
    again.write({ ...config, workers: 1, sites: [{ ...config.sites[0], hosts: ['b.test', 'c.test'] }] })
    t.equal((await again.reload()).status, 200)
    directory.options.port = again.port
    await until(() => serialOf(port, 'c.test', ca), { what: () => again.child.stdout })
  },
)
