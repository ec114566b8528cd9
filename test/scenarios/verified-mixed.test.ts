import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t, { type Test } from 'tap'
import type { Content } from '../../src/config/content.ts'
import type { Policy, RetrySettings } from '../../src/config/snapshot.ts'
import { ArweaveGateway } from '../helpers/arweave-gateway.ts'
import { arweaveTransaction } from '../helpers/arweave-transaction.ts'
import { Dag } from '../helpers/ipfs-dag.ts'
import { ipfsGateway } from '../helpers/ipfs-gateway.ts'
import { lyingServer } from '../helpers/lying-server.ts'
import { seen } from '../helpers/seen.ts'
import { until } from '../helpers/wait.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, snapshot, type TestServices, testServices } from '../http/support/services.ts'
import { manifestOf, PUBLIC_KEY, signedFile } from '../manifest/support/manifests.ts'

const MIB = 1024 * 1024
const MOVIE = randomBytes(4 * MIB + 77)
const PAGE = Buffer.from('<h1>home</h1>')
const transaction = await arweaveTransaction(MOVIE, { 'Content-Type': 'video/mp4' })
const SURE = { attempts: 8, budgetPercent: 100, budgetPerSecond: 1000 }

interface Over {
  readonly policy?: Partial<Policy>
  readonly retry?: Partial<RetrySettings>
  readonly content?: Partial<Content>
  readonly hasOrigin?: boolean
}

/** One site at an IPFS gateway, one of Arweave and two HTTP servers, in this order, with a manifest that knows all. */
async function ground(t: Test, over: Over = {}) {
  const dag = new Dag()
  const root = await dag.add({ 'movie.mp4': MOVIE, 'index.html': PAGE })
  const movie = dag.resolve(root, ['movie.mp4'])!.at(-1)!.cid
  const ipfs = await ipfsGateway(t, dag)
  const arweave = await new ArweaveGateway().store(transaction).listen(t)
  const files = new Map([
    ['/movie.mp4', MOVIE],
    ['/', PAGE],
  ])
  const http = [await lyingServer(t, files), await lyingServer(t, files)] as const
  const origin = await lyingServer(t, new Map([['/only-here.txt', Buffer.from('at the origin')]]))
  const at = (name: string, url: string, provider: 'http' | 'ipfs' | 'arweave') =>
    endpoint(url, { cdn: cdn(name, { provider, trust: false }) })
  const endpoints = [
    at('ipfs', ipfs.url, 'ipfs'),
    at('arweave', arweave.url, 'arweave'),
    ...http.map(({ url }, index) => at(`http${index}`, url, 'http')),
  ]
  const chosen = policy({ fallback: over.hasOrigin ? 'origin' : 'none', ...over.policy }, { ...SURE, ...over.retry })
  const proved = site({
    endpoints,
    policy: chosen,
    origin: over.hasOrigin ? [endpoint(origin.url)] : [],
    route: { proves: true, unfit: endpoints.map(() => null) },
  })
  const manifest = { source: { file: '/none' }, publicKey: PUBLIC_KEY, grace: 86_400_000 }
  const content = { complete: false, ipfs: { kind: 'id' as const, id: `${root}` }, arweave: null, ...over.content }
  const sites = [{ ...proved, manifest, content }]
  const services = testServices(t, { sites })
  const movieFile = signedFile(MOVIE, { type: 'video/mp4', refs: { arweave: transaction.id, ipfs: `${movie}` } })
  const listed = { '/': signedFile(PAGE, { type: 'text/html' }), '/movie.mp4': movieFile }
  services.manifests.put(manifestOf({}, { expires: '2100-01-01T00:00:00Z', files: listed }), null, 0)
  const { port } = await front(t, services)
  return { services, port, endpoints, sites, ipfs, arweave, http, origin, root }
}

function isBusy(services: TestServices): boolean {
  return services.current().snapshot.endpoints.some((each) => services.board.pending(each) > 0)
}

/** Nobody is busy any more. */
async function quiet(services: TestServices): Promise<void> {
  await until(() => !isBusy(services), { what: 'nothing to be pending' })
}

t.test('one body comes from IPFS, Arweave and two servers in turns, and is one answer', async (t) => {
  const { services, port, ipfs, arweave, http } = await ground(t, { retry: { bodyIdleTimeout: 300 } })
  let requests = 0
  ipfs.play(() => (requests++ === 0 ? 'stall-middle' : '502'))
  arweave.lying({ on: 'raw', what: 'stall' })
  http[0].lie = 'stall-in-body'
  const { end, status, bytes, headers } = await seen(port, '/movie.mp4')
  t.equal(`${end} ${status} ${headers['content-type']}`, 'whole 200 video/mp4')
  t.ok(bytes.equals(MOVIE))
  const [line] = await services.ended(1)
  t.strictSame([...new Set(line!.attempts.map(({ cdn }) => cdn))].sort(), ['arweave', 'http0', 'http1', 'ipfs'])
  t.ok(
    arweave.asked.every((path) => path.startsWith('/raw/')),
    'by the reference of the manifest',
  )
  const offsets = [http[0], http[1]].map((each) => Number(/bytes=(\d+)-/.exec(each.requests[0]!)?.[1]))
  t.ok(0 < offsets[0]! && offsets[0]! < offsets[1]!, `each asked for the rest alone: ${offsets}`)
  await quiet(services)
})

t.test('the same metadata whoever answers, ranges and HEAD as well', async (t) => {
  const { port, services, endpoints, ipfs, arweave, http } = await ground(t)
  const etag = `"${signedFile(MOVIE).sha256}"`
  const mute = [
    () => ipfs.play('502'),
    () => arweave.lying({ on: 'raw', what: 'status-502' }),
    () => (http[0].lie = '502'),
  ]
  for (let from = 0; from <= mute.length; from++) {
    services.board.retain([])
    services.board.retain(endpoints)
    const part = await seen(port, '/movie.mp4', { range: 'bytes=300000-2000000' })
    t.ok(part.status === 206 && part.bytes.equals(MOVIE.subarray(300_000, 2_000_001)), `${from}: a range`)
    const head = await seen(port, '/movie.mp4', {}, 'HEAD')
    t.equal(head.headers['content-length'], `${MOVIE.length}`)
    for (const { headers } of [part, head]) t.equal(`${headers.etag} ${headers['content-type']}`, `${etag} video/mp4`)
    mute[from]?.()
  }
  await quiet(services)
})

t.test('resume.require: manifest is satisfied by every proof', async (t) => {
  const { port, ipfs, arweave } = await ground(t, { policy: { resume: { enabled: true, require: 'manifest' } } })
  ipfs.play('cut')
  arweave.lying({ on: 'raw', what: 'flip-last' })
  const { end, bytes } = await seen(port, '/movie.mp4')
  t.ok(end === 'whole' && bytes.equals(MOVIE))
})

t.test('where one is slow to begin, another one is asked beside it', async (t) => {
  const hedge = { enabled: true, after: 30, minDelay: 0, maxExtraPercent: 100 }
  const { services, port, ipfs } = await ground(t, { policy: { hedge } })
  ipfs.play('stall')
  const { end, status, bytes } = await seen(port, '/movie.mp4')
  t.ok(end === 'whole' && status === 200 && bytes.equals(MOVIE))
  const [line] = await services.ended(1)
  t.match(line!.attempts, [{ cdn: 'ipfs', outcome: 'aborted' }, { outcome: 'served' }])
  await quiet(services)
})

t.test('absent where it is proved, elsewhere asked on, and at last the origin', async (t) => {
  const { port, ipfs, origin } = await ground(t, { hasOrigin: true })
  const found = await seen(port, '/only-here.txt')
  t.equal(`${found.status} ${found.bytes}`, '200 at the origin')
  t.ok(ipfs.requests.length > 0)
  t.equal((await seen(port, '/nowhere.txt')).status, 404, 'the origin says so too')
  t.equal(origin.requests.length, 2)
  const complete = await ground(t, { hasOrigin: true, content: { complete: true } })
  t.equal((await seen(complete.port, '/only-here.txt')).status, 404, 'the content is all there is')
  t.equal(complete.origin.requests.length, 0)
})

t.test('visitors are sent to nobody who is not trusted', async (t) => {
  const redirect = { mode: 'redirect' as const }
  const { port } = await ground(t, { policy: redirect })
  for (const headers of [{}, { 'sec-fetch-mode': 'navigate' }]) {
    const { status, bytes } = await seen(port, '/movie.mp4', headers)
    t.ok(status === 200 && bytes.equals(MOVIE), 'the gateway delivers itself')
  }
})

t.test('an answer that began before a reload goes on after it', async (t) => {
  const { services, port, sites, ipfs } = await ground(t, { retry: { bodyIdleTimeout: 200 } })
  ipfs.play('stall-middle')
  const begun = seen(port, '/movie.mp4')
  await until(() => ipfs.requests.length > 0)
  ipfs.play('502')
  await services.reload(snapshot({ sites }))
  const { end, bytes } = await begun
  t.ok(end === 'whole' && bytes.equals(MOVIE))
  await quiet(services)
})

/** A server of a file without end to its patience: what it could send, and who is there. */
async function patientServer(t: Test, body: Buffer) {
  const state = { sent: 0, open: 0 }
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': body.length })
    let at = 0
    const more = () => {
      while (at < body.length) {
        const part = body.subarray(at, at + 65_536)
        at += part.length
        state.sent += part.length
        if (!response.write(part)) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  })
  server.on('connection', (socket) => {
    state.open++
    socket.once('close', () => state.open--)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function slowGround(t: Test) {
  const body = randomBytes(48 * MIB)
  const { state, url } = await patientServer(t, body)
  const endpoints = [endpoint(url, { cdn: cdn('patient', { trust: false }) })]
  const manifest = { source: { file: '/none' }, publicKey: PUBLIC_KEY, grace: 0 }
  const route = { proves: true, unfit: [null] }
  const services = testServices(t, { sites: [{ ...site({ endpoints, policy: policy(), route }), manifest }] })
  services.manifests.put(manifestOf({ '/large': body }, { expires: '2100-01-01T00:00:00Z' }), null, 0)
  const { port } = await front(t, services)
  return { services, port, state, body }
}

t.test('a client that takes nothing holds the endpoint back, and one that leaves lets it go', async (t) => {
  const { services, port, state, body } = await slowGround(t)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n')
  socket.pause()
  let before = 0
  const still = () => {
    const last = before
    before = state.sent
    return before > 0 && before === last
  }
  await until(still, { interval: 100, what: 'the endpoint to wait' })
  t.ok(state.sent < body.length / 2, `${state.sent} bytes were enough`)
  socket.destroy()
  await until(() => state.open === 0, { what: 'the connection to the endpoint to be closed' })
  await quiet(services)
  const [line] = await services.ended(1)
  t.equal(line!.error, 'client_gone')
  t.same(services.errors, [])
})

t.test('clients that leave at any time leave nothing behind', async (t) => {
  const { services, port, ipfs, arweave, http } = await ground(t)
  for (const [index, stall] of (['ipfs', 'arweave', 'http', null] as const).entries()) {
    ipfs.play(stall === 'ipfs' ? 'stall-middle' : stall === null ? 'honest' : '502')
    arweave.lying(stall === 'arweave' ? { on: 'raw', what: 'stall' } : { on: 'raw', what: 'status-502' })
    http[0].lie = stall === 'http' ? 'stall-in-body' : null
    for (const moment of ['sent', 'pending', 'data']) {
      const socket = connect(port, '127.0.0.1')
      let [closed, data] = [false, false]
      socket.on('error', () => {}).on('data', () => (data = true))
      socket.on('close', () => (closed = true))
      socket.write('GET /movie.mp4 HTTP/1.1\r\nhost: x\r\n\r\n')
      await once(socket, 'connect')
      if (moment === 'pending') await until(() => isBusy(services) || data, { interval: 0 })
      if (moment === 'data') await until(() => data || closed, { interval: 0 })
      socket.resetAndDestroy()
    }
    await services.ended(3 * (index + 1))
    await quiet(services)
  }
  t.same(services.errors, [])
  const { endpoints } = services.current().snapshot
  const [policy] = services.current().snapshot.policies
  for (const each of endpoints) t.not(services.board.standing(each, policy!), 'corrupt')
})
