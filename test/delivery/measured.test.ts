import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Resolver } from '../../src/delivery/resolver.ts'
import { get } from '../helpers/http.ts'
import { answer, stallBeforeHeaders } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { front } from './support/front.ts'
import { dialling } from './support/parts.ts'

/** A slow name server: what a new connection costs, and is no fault of the endpoint. Milliseconds. */
const LOOK_UP = 500

t.test('what an answer counts as: the time to its head once a connection took the request', async (t) => {
  const upstream = await scriptedUpstream(t, () => [sleep(30), ...answer()])
  const resolve = async () => {
    await sleep(LOOK_UP)
    return [{ address: '127.0.0.1', family: 4 }]
  }
  const resolver = new Resolver({ resolve, now: () => 0 })
  const a = dialling('a', `http://a.test:${upstream.port}`)
  const gateway = await front(t, { candidates: [a], surroundings: { resolver, isPrivate: () => false } })
  t.equal(gateway.measured(a), null)
  t.equal((await get(gateway.url)).status, 200)
  const { usual } = gateway.measured(a)!
  t.ok(usual >= 29 && usual < LOOK_UP, `${usual}`)
})

t.test(
  'a quick error makes nobody fast, and an answer that does not come counts as long as it was awaited',
  async (t) => {
    const scripts = { broken: answer(503), silent: stallBeforeHeaders, well: answer() }
    const upstreams = await Promise.all(Object.values(scripts).map((script) => scriptedUpstream(t, script)))
    const candidates = Object.keys(scripts).map((name, at) => dialling(name, upstreams[at]!.url))
    const gateway = await front(t, { candidates, retry: { perTryTimeout: 100 } })
    t.equal((await get(gateway.url)).headers['x-served-by'], 'well')
    const [broken, silent, well] = candidates.map((endpoint) => gateway.measured(endpoint))
    t.equal(broken, null)
    t.ok(silent!.now >= 90, `${silent!.now}`)
    t.ok(well !== null)
  },
)
