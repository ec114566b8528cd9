import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildMmdb } from '../../data/mmdb-build.ts'
import { uint } from '../../data/mmdb-value.ts'
import { startGatewayHere } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'

const PLACES = {
  '81.2.69.0/24': { country: { iso_code: 'GB' }, continent: { code: 'EU' } },
  '89.160.20.0/24': { country: { iso_code: 'SE' }, continent: { code: 'EU' } },
  '175.16.199.0/24': { country: { iso_code: 'CN' }, continent: { code: 'AS' } },
}
/** Cuts a network of the others in two. */
const SYSTEMS = { '89.160.20.128/25': { autonomous_system_number: uint(32, 29_518) } }

t.test('clients take the route of their network, their country or their continent', async (t) => {
  const upstream = await scriptedUpstream(t, ({ fields }) =>
    answer(200, fields.find(([name]) => name === 'x-route')?.[1] ?? ''),
  )
  const folder = tempDir(t, 'places')
  writeFileSync(join(folder, 'country.mmdb'), buildMmdb(PLACES, { recordSize: 24, buildEpoch: 1e9 }))
  writeFileSync(join(folder, 'asn.mmdb'), buildMmdb(SYSTEMS, { recordSize: 24, buildEpoch: 1e9 }))
  const names = ['system', 'country', 'continent', 'rest']
  const policies = Object.fromEntries(
    names.map((name) => [name, { cdns: ['one'], headers: { request: { set: { 'x-route': name } } } }]),
  )
  const routes = [
    { match: { asns: [29_518] }, policy: 'system' },
    { match: { countries: ['GB'] }, policy: 'country' },
    { match: { continents: ['EU'] }, policy: 'continent' },
    { policy: 'rest' },
  ]
  const gateway = await startGatewayHere(t, {
    geoip: { database: join(folder, 'country.mmdb'), asn_database: join(folder, 'asn.mmdb') },
    cdns: [{ name: 'one', provider: 'http', url: upstream.url }],
    sites: [{ name: 'www', hosts: ['*'], routes }],
    policies,
  })
  for (const [client, route] of [
    ['81.2.69.142', 'country'],
    ['89.160.20.5', 'continent'],
    ['89.160.20.200', 'system'],
    ['89.160.20.6', 'continent'],
    ['175.16.199.1', 'rest'],
    ['192.0.2.1', 'rest'],
  ] as const) {
    const got = await get(gateway.url, { headers: { 'x-forwarded-for': client } })
    t.equal(String(got.body), route, client)
    const explained = await gateway.admin('GET', `/explain?ip=${client}&host=a&path=/`)
    t.equal(JSON.parse(explained.body).decision.policy, route, `explained: ${client}`)
  }
  const broken = await startGatewayHere(t, {
    geoip: { asn_database: join(folder, 'country.mmdb') },
    cdns: [],
    sites: [{ name: 'www', hosts: ['*'], origin: { urls: [upstream.url] } }],
    policies: { default: { mode: 'origin' } },
  }).catch((error: Error) => error)
  t.match(broken, { message: /geoip\.asn_database: .*it has no AS numbers/ })
})
