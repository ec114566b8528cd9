import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Reader } from 'maxmind'
import t from 'tap'
import { type Gateway, ROOT, startGatewayHere } from '../helpers/gateway.ts'
import { get, keepAlive } from '../helpers/http.ts'
import { drawAddresses } from '../helpers/mmdb-networks.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { skipUnless } from '../helpers/programs.ts'
import { seededRandom } from '../helpers/random.ts'
import type { Scope } from '../helpers/scope.ts'
import { topology } from './topology.ts'

interface Point {
  readonly latitude: number
  readonly longitude: number
}

const SEED = 20261120
const TABLE = readFileSync(join(ROOT, 'data/geo-default.mmdb'))
const reader = new Reader<never>(TABLE)

/** The reference point of each airport, from its aeronautical publication; the program has a table of its own. */
const AIRPORTS = {
  fra: { latitude: 50.0333, longitude: 8.5706 },
  iad: { latitude: 38.9445, longitude: -77.4558 },
  sin: { latitude: 1.3502, longitude: 103.9944 },
  ams: { latitude: 52.3086, longitude: 4.7639 },
} as const

type Metro = keyof typeof AIRPORTS

/** The program knows metros to a tenth of a degree: half the diagonal of such a cell, rounded up. */
const SLACK_KM = 8

/** Chord length on the unit sphere, turned into an arc: another formula than the program's. */
function kilometres(a: Point, b: Point): number {
  const vector = ({ latitude, longitude }: Point) => {
    const [lat, lon] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
    return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)] as const
  }
  const [p, q] = [vector(a), vector(b)]
  const chord = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
  return 6371 * 2 * Math.asin(Math.min(1, chord / 2))
}

function placeOf(address: string): Point {
  const record = reader.get(address) as (Partial<Point> & { location?: Point }) | null
  const point = record?.location ?? record
  if (typeof point?.latitude !== 'number' || typeof point.longitude !== 'number')
    throw new Error(`no place: ${address}`)
  return point as Point
}

function draw(v4: number, v6: number): string[] {
  const random = seededRandom(SEED)
  return [
    ...drawAddresses(TABLE, reader.metadata, { version: 4, count: v4, random }),
    ...drawAddresses(TABLE, reader.metadata, { version: 6, count: v6, random }),
  ]
}

/** Which edge answered each visitor, over 16 kept-alive connections. */
async function visit(scope: Scope, gateway: Gateway, addresses: readonly string[]): Promise<Map<string, Metro>> {
  const agent = keepAlive(scope, 16)
  const answers = new Map<string, Metro>()
  const one = async (address: string) => {
    const got = await get(`${gateway.url}/1k`, { agent, headers: { 'x-forwarded-for': address } })
    if (got.status !== 200) throw new Error(`${got.status} for ${address}: ${got.body}`)
    answers.set(address, String(got.headers['x-edge']) as Metro)
  }
  await Promise.all(addresses.map(one))
  return answers
}

/** Distances to the metros, nearest first. */
function ranking(address: string, metros: readonly Metro[]): { metro: Metro; km: number }[] {
  const place = placeOf(address)
  return metros.map((metro) => ({ metro, km: kilometres(place, AIRPORTS[metro]) })).sort((a, b) => a.km - b.km)
}

async function start(scope: Scope, metros: readonly Metro[], policy: Record<string, unknown>): Promise<Gateway> {
  const names = [...metros, 'origin']
  const servers: Nginx[] = await Promise.all(names.map((name) => startNginx(scope, { name })))
  const edges = servers.slice(0, -1)
  return startGatewayHere(scope, topology({ edges, origin: servers.at(-1)!.url, policy }))
}

t.test('each of 2,000 IPv4 and 500 IPv6 visitors is answered by the edge that is nearest', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const metros: Metro[] = ['fra', 'iad', 'sin']
  const addresses = draw(2000, 500)
  t.equal(new Set(addresses).size, 2500)
  const gateway = await start(t, metros, { tie_threshold: '0km' })
  const answers = await visit(t, gateway, addresses)
  const wrong: string[] = []
  const reached = new Set<string>()
  let decided = 0
  for (const address of addresses) {
    const [best, second] = ranking(address, metros)
    const answered = answers.get(address)!
    reached.add(answered)
    if (second!.km - best!.km < 2 * SLACK_KM) continue
    decided++
    if (answered !== best!.metro) wrong.push(`${address} → ${answered}, nearest is ${best!.metro} (${best!.km} km)`)
  }
  t.same(wrong, [])
  t.same([...reached].sort(), metros)
  t.ok(decided > 2450, `${decided} visitors have one clearly nearest edge`)
})

t.test('with the default tie threshold each answer is within 500 km of the nearest, and ties are shared', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const metros: Metro[] = ['fra', 'ams', 'sin']
  const addresses = draw(300, 100)
  const gateway = await start(t, metros, {})
  const answers = await visit(t, gateway, addresses)
  const far: string[] = []
  const amongTied = new Set<Metro>()
  for (const address of addresses) {
    const ranked = ranking(address, metros)
    const answered = ranked.find(({ metro }) => metro === answers.get(address))!
    if (answered.km - ranked[0]!.km > 500 + 2 * SLACK_KM) far.push(`${address} → ${answered.metro}`)
    if (ranked[2]!.metro === 'sin' && ranked[2]!.km - ranked[0]!.km > 600) amongTied.add(answered.metro)
  }
  t.same(far, [])
  t.same([...amongTied].sort(), ['ams', 'fra'])
})
