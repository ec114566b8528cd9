import { connect } from 'node:http2'
import { join } from 'node:path'
import t from 'tap'
import { CertificateStore, readChallenge } from '../../src/acme/store.ts'
import { get } from '../helpers/http.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { door } from './support/door.ts'
import { endpoint, listener, policy, site } from './support/services.ts'

const PATH = '/.well-known/acme-challenge/'

t.test(
  'answers challenges of its names before sites and redirects; everything else is none of its business',
  async (t) => {
    const folder = join(tempDir(t, 'acme'), 'ca')
    const store = new CertificateStore({ folder, owner: 'another', onDamaged: () => {} })
    await store.publish('shared', 'shared.thumb')
    await store.accountKey()
    const upstream = await scriptedUpstream(t, ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsite'])
    const sites = [site({ origin: [endpoint(upstream.url)], policy: policy({ mode: 'origin' }) })]
    const acme = { email: 'a@b.test', directory: 'https://ca.test', names: ['a.test', 'b.test'], folder }
    for (const httpsRedirect of [null, 443]) {
      const { port, services } = await door(t, { sites, over: { acme, listen: [listener({ httpsRedirect })] } })
      services.challenges.set('known', 'known.thumb')
      const ask = async (path: string, host = 'a.test', method = 'GET', more = '') => {
        const client = await rawClient(t, { port })
        client.send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`)
        const [got] = await client.responses(1, [method])
        return `${got!.status} ${got!.body}`
      }
      const other = httpsRedirect === null ? '200 site' : '308'
      t.equal(await ask(`${PATH}known`), '200 known.thumb')
      t.equal(await ask(`${PATH}known`, 'B.test:8080'), '200 known.thumb')
      t.equal(await ask(`${PATH}shared`), '200 shared.thumb', 'what another gateway has written down')
      for (const [path, host, more] of [
        [`${PATH}unknown`],
        [`${PATH}known`, 'c.test'],
        [`${PATH}known?x`],
        [`${PATH}known/`],
        [`${PATH}..%2faccount.pem`],
        [`${PATH}../account.pem`],
        [`${PATH}${'x'.repeat(129)}`],
        [PATH],
        [`${PATH}known`, 'a.test', 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n'],
      ] as const) {
        const got = await ask(path, host, 'GET', more)
        t.ok(got.startsWith(more === undefined && !path.includes('%') ? other : '400'), `${path} ${host}: ${got}`)
        t.notMatch(got, /thumb|PRIVATE/)
      }
      t.match(await ask(`${PATH}known`, 'a.test', 'HEAD'), /^200 $/)
      t.ok((await ask(`${PATH}known`, 'a.test', 'POST', 'Content-Length: 0\r\n')).startsWith(other))
      const served = (await services.ended(5)).filter(({ path, site: name }) => path.startsWith(PATH) && name === null)
      t.ok(served.length >= 3, 'they are in the access log')
    }
  },
)

t.test('who leaves while a challenge is looked for is not served anything else', async (t) => {
  const folder = join(tempDir(t, 'acme'), 'ca')
  const upstream = await scriptedUpstream(t, ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsite'])
  const sites = [site({ origin: [endpoint(upstream.url)], policy: policy({ mode: 'origin' }) })]
  const acme = { email: 'a@b.test', directory: 'https://ca.test', names: ['a.test'], folder }
  const doors = [0, 1].map(() => door(t, { sites, over: { acme, listen: [listener({ h2c: true })] } }))
  const [first, other] = [await doors[0]!, await doors[1]!]
  const looked = Promise.withResolvers<void>()
  first.services.challenge = () => {
    first.listeners.destroy()
    looked.resolve()
    return undefined
  }
  const session = connect(first.url)
  session.on('error', () => {})
  session.request({ ':authority': 'a.test', ':path': `${PATH}nobody-knows` }).on('error', () => {})
  await looked.promise
  // It has been looked for by then.
  for (let at = 0; at < 3; at++) await readChallenge(folder, 'nobody-knows')
  t.equal((await get(`${other.url}/other`, { headers: { host: 'a.test' } })).body, 'site')
  t.same(
    upstream.requests.map(({ target }) => target),
    ['/other'],
  )
})
