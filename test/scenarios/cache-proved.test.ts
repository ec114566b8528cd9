import t from 'tap'
import { download } from '../helpers/download.ts'
import { caching } from '../http/support/caching.ts'
import { FILES, manifestGround, signed } from './manifest-ground.ts'

const PATH = '/large.bin'

t.test(
  'what is proved is stored with its proof, and confirmed by the manifest without a byte of any CDN',
  async (t) => {
    const cache = caching({ requiredProof: 'manifest' })
    const { servers, services, port } = await manifestGround(t, {}, { verify: 'required', cache })
    const ask = () => download({ port, path: PATH, host: 'www.test', method: 'GET', headers: {} })
    const first = await ask()
    t.match(first, { end: 'whole', status: 200 })
    const asked = servers[0]!.requests.length
    const second = await ask()
    t.equal(second.bytes, FILES.get(PATH)!.length)
    t.equal(second.sha256, first.sha256)
    t.equal(servers[0]!.requests.length, asked)
    t.same(
      (await services.ended(2)).map((line) => line.cache),
      ['miss', 'revalidated'],
    )
  },
)

t.test('a deploy: what was stored before it is not served after it', async (t) => {
  const { services, servers, port } = await manifestGround(t, {}, { cache: caching() })
  const ask = () => download({ port, path: PATH, host: 'www.test', method: 'GET', headers: {} })
  const before = await ask()
  const changed = new Map(FILES).set(PATH, Buffer.from('what is new'))
  for (const server of servers) server.files = changed
  services.manifests.put(signed(changed, 2), null, 0)
  const after = await ask()
  t.match(after, { status: 200, bytes: 11 })
  t.not(after.sha256, before.sha256)
})
