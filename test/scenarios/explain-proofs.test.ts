import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { startGatewayHere } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { Dag } from '../helpers/ipfs-dag.ts'
import { ipfsGateway } from '../helpers/ipfs-gateway.ts'
import { tempDir } from '../helpers/scope.ts'
import { PUBLIC_KEY, sealed } from '../manifest/support/manifests.ts'

const KNOWN = Buffer.from('what the manifest knows')
const ZURICH = '129.132.1.1'

t.test('explain and the decision header say alike who cannot prove or does not have what is asked for', async (t) => {
  const server = createServer((_request, response) => response.end(KNOWN)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dag = new Dag()
  const root = await dag.add({ 'known.txt': KNOWN })
  const { url: ipfs } = await ipfsGateway(t, dag)
  const manifest = join(tempDir(t, 'manifest'), 'site.json')
  const times = { created: '2026-01-01T00:00:00Z', expires: '2100-01-01T00:00:00Z' }
  writeFileSync(manifest, sealed({ '/known.txt': KNOWN }, times))
  const gateway = await startGatewayHere(t, {
    debug: { clients: ['0.0.0.0/0'] },
    cdns: [
      { name: 'doubted', provider: 'http', url: `${url}/doubted`, trust: false, allow_private: true },
      { name: 'stored', provider: 'walrus', url: `${url}/stored`, allow_private: true },
      { name: 'planet', provider: 'ipfs', url: ipfs, allow_private: true },
    ],
    sites: [
      {
        name: 'www',
        hosts: ['*'],
        origin: { urls: [url] },
        content: { ipfs: { cid: `${root}` } },
        manifest: { file: manifest, public_key: PUBLIC_KEY },
        routes: [{ policy: 'proved' }],
      },
    ],
    policies: { proved: { cdns: ['doubted', 'stored', 'planet'], tie_breakers: ['weight'] } },
  })

  const rejected = async (path: string) => {
    const asked = new URLSearchParams({ ip: ZURICH, host: 'www.test', path })
    const { decision } = JSON.parse((await gateway.admin('GET', `/explain?${asked}`)).body)
    const headers = { host: 'www.test', 'x-forwarded-for': ZURICH, 'polycdn-debug': '1' }
    const got = await get(gateway.url + path, { headers })
    const { client, ...shown } = JSON.parse(String(got.headers['polycdn-decision']))
    t.equal(client, ZURICH)
    const names = (list: { cdn: string }[]) => list.map(({ cdn }) => cdn).sort()
    t.strictSame(names(decision.candidates), names(shown.candidates), path)
    t.strictSame(decision.rejected, shown.rejected, path)
    return decision.rejected.map(({ cdn, reason }: Record<string, string>) => `${cdn} ${reason}`)
  }
  t.strictSame(await rejected('/known.txt'), ['stored cannot-serve'], 'the manifest names no blob of Walrus')
  const unproved = ['doubted unverifiable', 'stored cannot-serve']
  t.strictSame(await rejected('/other.txt'), unproved, 'nothing says what its bytes should be')
  t.strictSame(await rejected('/other.txt'), [...unproved, 'planet absent'], 'IPFS has proved that it is not there')
})
