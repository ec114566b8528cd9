import t, { type Test } from 'tap'
import { rawClient } from '../helpers/raw-client.ts'
import { parseResponses } from '../helpers/raw-response.ts'
import { until } from '../helpers/wait.ts'
import { ByteUpstream } from './support/byte-upstream.ts'
import { type Door, door } from './support/door.ts'
import { ask, type RequestCase } from './support/request-case.ts'
import { REQUEST_CASES } from './support/request-cases.ts'
import { cdn, endpoint, policy, site } from './support/services.ts'

const LIMITS = { headers: 8192, uri: 1024, headerCount: 20, body: 1000, headerTimeout: 2_000 }
/** So many rows at a time, each with a gateway and an upstream of its own. */
const LANES = 16
/** Sent on the same connection behind every row: it gets its own answer or none. */
const FOLLOW_UP = ask('GET /follow-up', ['Connection: close'])

interface Lane extends Door {
  readonly upstream: ByteUpstream
}

async function openLane(t: Test): Promise<Lane> {
  const upstream = await ByteUpstream.start(t)
  const edge = endpoint(upstream.url, { cdn: cdn('edge') })
  const chosen = policy({ fallback: 'none' }, { bodyIdleTimeout: 2_000 })
  const sites = [site({ endpoints: [edge], unsafeEndpoints: [edge], policy: chosen })]
  return { ...(await door(t, { sites, limits: LIMITS })), upstream }
}

interface Verdict {
  readonly gets: string
  /** Without the follow-up. */
  readonly reaches: readonly string[]
  /** What must not be. */
  readonly unsafe: readonly string[]
}

async function judge(t: Test, { port, listeners, upstream }: Lane, row: RequestCase): Promise<Verdict> {
  const [, , sends, gets, , leaves] = row
  const client = await rawClient(t, { port })
  client.send(sends)
  if (leaves) client.halfClose()
  const methods = [/^\S*/.exec(sends.trimStart())![0]]
  const answers = () => parseResponses(client.bytes, { methods, ended: client.end === 'fin' })
  const final = gets
    .split(' or ')[0]!
    .split(' ')
    .filter((status) => /^[2-5]/.test(status))
  const count = final.length > 0 && !leaves ? final.length : Infinity
  await until(() => answers().length >= count || client.end !== 'open', { what: `answers to ${row[1]}` })
  if (client.end === 'open') client.send(FOLLOW_UP)
  await client.ended()
  client.close()
  await until(() => listeners.requests === 0, { what: `the end of ${row[1]}` })

  const got = answers()
  const followed = String(got.at(-1)?.body) === 'GET /follow-up'
  if (followed) got.pop()
  const requests = upstream.requests.splice(0)
  const own = followed ? requests.slice(0, -1) : requests
  const smuggled = own.filter(({ target }) => target.includes('smuggled') || target === '/follow-up')
  return {
    gets: got.map(({ interim, status }) => [...interim, status].join(' ')).join(' ') || 'close',
    reaches: own.map(({ raw }) => raw),
    unsafe: [...upstream.unreadable.splice(0), ...smuggled.map(({ raw }) => raw)],
  }
}

t.test('each request gets what the table says, and the upstream exactly what it may', async (t) => {
  t.ok(REQUEST_CASES.length >= 200, `${REQUEST_CASES.length} rows`)
  const lanes = await Promise.all(Array.from({ length: LANES }, () => openLane(t)))
  const rows = [...REQUEST_CASES]
  const run = async (lane: Lane) => {
    for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
      const [by, what, sends, gets, reaches = []] = row
      const verdict = await judge(t, lane, row)
      const wanted = gets.split(' or ').includes(verdict.gets) ? verdict.gets : gets
      t.same(verdict, { gets: wanted, reaches, unsafe: [] }, `${by}: ${what}: ${JSON.stringify(sends.slice(0, 200))}`)
    }
    t.same([...lane.services.errors, ...lane.services.logLines.records.filter(isInternal)], [])
  }
  await Promise.all(lanes.map(run))
})

function isInternal({ event }: Record<string, unknown>): boolean {
  return event === 'internal-error'
}
