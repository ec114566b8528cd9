import { connect } from 'node:net'
import t from 'tap'
import { get } from '../helpers/http.ts'
import { answer, cut } from '../helpers/misbehaviour.ts'
import { seededRandom } from '../helpers/random.ts'
import type { RecordedRequest } from '../helpers/recorded-request.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until, within } from '../helpers/wait.ts'
import { door } from './support/door.ts'
import { Fuzz } from './support/fuzz.ts'
import { fuzzRequests } from './support/fuzz-requests.ts'
import { cdn, endpoint, OUTLIER, policy, site } from './support/services.ts'

const CONNECTIONS = 1500
const AT_ONCE = 40
const SEED = 20_261_120

/** Sends, leaves in one of three ways, and waits for the other side to be gone. */
function converse(port: number, fuzz: Fuzz): Promise<void> {
  const bytes = fuzz.connection()
  const parts = fuzz.chance(0.2) ? fuzz.below(bytes.length) : bytes.length
  const leaves = fuzz.pick(['waits', 'half-closes', 'half-closes', 'resets'] as const)
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: leaves === 'half-closes' })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.on('end', () => socket.end())
    socket.resume()
    socket.write(bytes.subarray(0, parts))
    socket.write(bytes.subarray(parts), () => {
      if (leaves === 'half-closes') socket.end()
      if (leaves === 'resets') socket.resetAndDestroy()
    })
  })
}

function isWellFormed(request: RecordedRequest): boolean {
  const hosts = request.fields.filter(([name]) => name.toLowerCase() === 'host')
  return (
    /^[A-Z]+$/.test(request.method) &&
    /^(?:\/[\x21-\x22\x24-\x7e]*|\*)$/.test(request.target) &&
    !/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(request.target.split('?')[0]!) &&
    request.version === 'HTTP/1.1' &&
    hosts.length === 1 &&
    /^\[?[\w:.-]+\]?$/.test(hosts[0]![1]) &&
    request.fields.every(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\0\r\n]/.test(value)) &&
    !(request.header('content-length') !== undefined && request.header('transfer-encoding') !== undefined)
  )
}

t.test(
  'more than a thousand odd connections: each ends, nothing odd gets through, and the gateway is well',
  async (t) => {
    const rejections: unknown[] = []
    const onRejection = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', onRejection)
    t.teardown(() => process.off('unhandledRejection', onRejection))
    const upstream = await scriptedUpstream(t, ({ target, method }) => {
      if (target.includes('reset')) return ['reset!']
      if (target.includes('cut')) return cut('0123456789', 4, 'end!')
      return answer(200, method === 'HEAD' ? '' : 'ok\n')
    })
    const endpoints = [endpoint(upstream.url, { cdn: cdn('edge') })]
    const outlier = { ...OUTLIER, failurePercent: 0, consecutiveFailures: 1_000_000, baseEjection: 1, maxEjection: 1 }
    const chosen = policy({ outlier }, { bodyIdleTimeout: 2_000 })
    const sites = [
      site({ endpoints, origin: [endpoint(upstream.url)], originOver: { timeout: 2_000 }, policy: chosen }),
    ]
    const limits = { headerTimeout: 1_000, idleTimeout: 1_000, connectionsPerAddress: 10_000 }
    const { port, url, listeners, services } = await door(t, { sites, limits })

    const fuzz = new Fuzz(seededRandom(SEED))
    let started = 0
    const worker = async () => {
      while (started < CONNECTIONS) {
        const number = ++started
        await within(converse(port, fuzz), `the end of connection ${number}`, 20_000)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))

    await until(() => listeners.connections === 0 && listeners.requests === 0, { what: 'nothing to be left' })
    t.same(
      upstream.requests.filter((request) => !isWellFormed(request)).map(({ raw }) => raw.toString('latin1')),
      [],
    )
    t.ok(upstream.requests.length > CONNECTIONS / 20, `${upstream.requests.length} requests got through`)
    t.match(await get(url), { status: 200, body: 'ok\n' })
    t.same(rejections, [])
    t.same(services.errors, [])
    t.same(
      services.logLines.records.filter(({ event }) => event !== 'unknown-host' && event !== 'unreadable-request'),
      [],
    )
    for (const line of services.accessLines.all) JSON.parse(line)
  },
)

t.test('a thousand changes of the rows of the tables: what arrives is what was meant', async (t) => {
  const { connections, reached, findings } = await fuzzRequests(t, { seed: SEED, seconds: 3, connections: 1000 })
  t.same(findings, [])
  t.ok(reached > connections / 10, `${reached} of ${connections} got through`)
})
