import t from 'tap'
import type { RateLimitSettings } from '../../src/config/snapshot.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { RateLimits } from '../../src/http/rate-limits.ts'
import { policy } from './support/services.ts'

const address = (text: string) => parseAddress(text)!
const limited = (over: Partial<RateLimitSettings> = {}, name = 'default') =>
  policy({ name, rateLimit: { requestsPerSecond: 1, burst: 0, by: 'client-address', ...over } })

t.test('who is one client', async (t) => {
  const table: [by: RateLimitSettings['by'], one: string, other: string, same: boolean][] = [
    ['client-address', '192.0.2.1', '192.0.2.1', true],
    ['client-address', '192.0.2.1', '::ffff:192.0.2.1', true],
    ['client-address', '192.0.2.1', '192.0.2.2', false],
    ['client-address', '2001:db8::1', '2001:db8::ffff:1', true],
    ['client-address', '2001:db8::1', '2001:db8:0:1::1', false],
    ['client-network', '192.0.2.1', '192.0.2.255', true],
    ['client-network', '192.0.2.1', '192.0.3.1', false],
    ['client-network', '2001:db8::1', '2001:db8:0:ffff::1', true],
    ['client-network', '2001:db8::1', '2001:db8:1::1', false],
  ]
  for (const [by, one, other, same] of table) {
    const limits = new RateLimits(1)
    t.equal(limits.wait(limited({ by }), address(one), 0), 0)
    t.equal(limits.wait(limited({ by }), address(other), 0) > 0, same, `${by}: ${one} and ${other}`)
  }
})

t.test('a policy without a limit counts nothing, and policies do not share', async (t) => {
  const limits = new RateLimits(1)
  const client = address('192.0.2.1')
  for (let i = 0; i < 3; i++) t.equal(limits.wait(policy(), client, 0), 0)
  t.equal(limits.wait(limited(), client, 0), 0)
  t.equal(limits.wait(limited({}, 'other'), client, 0), 0)
  t.equal(limits.wait(limited(), client, 0), 1000)
})

t.test('processes share the average, and each has the burst', async (t) => {
  const limits = new RateLimits(4)
  const settings = limited({ requestsPerSecond: 4, burst: 2 })
  const waits = [0, 0, 0, 0, 1000].map((now) => limits.wait(settings, address('192.0.2.1'), now))
  t.same(waits, [0, 0, 0, 1000, 0])
})

t.test('a reload keeps what was counted, unless the policy is gone', async (t) => {
  const limits = new RateLimits(1)
  const client = address('192.0.2.1')
  limits.wait(limited(), client, 0)
  limits.retain([limited()])
  t.equal(limits.wait(limited(), client, 0), 1000)
  limits.retain([policy()])
  t.equal(limits.wait(limited(), client, 0), 0)
})

t.test('however many clients come, so many are remembered', async (t) => {
  const limits = new RateLimits(1, 100)
  const by = limited()
  for (let i = 0; i < 250; i++) limits.wait(by, address(`10.0.${i >> 8}.${i & 255}`), 0)
  t.equal(limits.wait(by, address('10.0.0.249'), 0), 1000, 'the latest is remembered')
  t.equal(limits.wait(by, address('10.0.0.0'), 0), 0, 'the first begins anew')
})
