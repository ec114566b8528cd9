import t from 'tap'
import { askArns, isArnsName, majority } from '../../../src/providers/arweave/arns.ts'
import { type AskedEndpoint, UpstreamStatus } from '../../../src/providers/proof.ts'
import { faultOf } from './support.ts'

const ID = `${'B'.repeat(42)}A`

function gateway(status: number, body: string): AskedEndpoint & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    key: 'gateway',
    asked,
    ask: async ({ path }) => {
      asked.push(path)
      return {
        status,
        header: () => null,
        body: (async function* () {
          yield Buffer.from(body)
        })(),
      }
    },
  }
}

t.test('reads what a gateway says, within bounds', async (t) => {
  const upstream = gateway(200, JSON.stringify({ txId: ID, ttlSeconds: 3600, processId: 'x' }))
  t.same(await askArns(upstream, 'my-site'), { id: ID, ttl: 3600 })
  t.same(upstream.asked, ['/ar-io/resolver/my-site'])
  for (const [ttlSeconds, ttl] of [
    [0, 60],
    [1e300, 86_400],
    ['x', 900],
    [-5, 900],
    [null, 900],
  ] as const) {
    t.same(await askArns(gateway(200, JSON.stringify({ txId: ID, ttlSeconds })), 'x'), { id: ID, ttl })
  }
})

t.test('a name that it does not know is an answer, what it cannot say is none', async (t) => {
  t.equal(await askArns(gateway(404, ''), 'x'), null)
  t.equal(await faultOf(askArns(gateway(451, ''), 'x')), 'blocked')
  t.equal(await faultOf(askArns(gateway(302, ''), 'x')), 'unproved')
  t.equal(await faultOf(askArns(gateway(200, '<html>'), 'x')), 'unproved')
  t.equal(await faultOf(askArns(gateway(200, '{"txId":"bafybeigdyrzt"}'), 'x')), 'unproved')
  t.equal(await faultOf(askArns(gateway(200, ' '.repeat(20_000)), 'x')), 'too-large')
  await t.rejects(askArns(gateway(502, ''), 'x'), new UpstreamStatus(502, null))
})

t.test('names are labels of a host', async (t) => {
  for (const name of ['a', 'my-site', 'under_my-site', '9', 'x'.repeat(63)]) t.ok(isArnsName(name), name)
  for (const name of ['', 'A', '-a', 'a-', 'a.b', 'a/b', '../x', 'ü', 'x'.repeat(64)]) t.notOk(isArnsName(name), name)
})

t.test('the majority of all that were asked, and at least a quorum', async (t) => {
  t.equal(majority(['a', 'a', 'b'], 2), 'a')
  t.equal(majority(['a', 'a', null], 2), 'a')
  t.equal(majority(['a', null, null], 1), null, 'one of three is no majority')
  t.equal(majority(['a', 'a', 'b', 'b'], 2), null, 'a half is none')
  t.equal(majority(['a', 'a', 'a'], 4), null, 'fewer than the quorum')
  t.equal(majority(['a'], 1), 'a')
  t.equal(majority([null, null], 1), null)
  t.equal(majority([], 0), null)
})
