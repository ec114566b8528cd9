import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { type Network, networkOf, parseNetwork } from '../../src/geo/network.ts'
import { createNetworkSet } from '../../src/geo/network-set.ts'
import { contains, covers, crowdedAddress, crowdedNetwork, makeDice } from './networks.ts'

function network(text: string): Network {
  const parsed = parseNetwork(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.network
}

t.test('the longest match wins', (t) => {
  const set = createNetworkSet([
    [network('10.0.0.0/8'), 'wide'],
    [network('10.1.2.0/24'), 'narrow'],
    [network('10.1.2.3'), 'one'],
    [network('::/0'), 'v6'],
  ])
  t.strictSame(set.match(parseAddress('10.9.9.9')!), { value: 'wide', prefix: 8 })
  t.strictSame(set.match(parseAddress('10.1.2.9')!), { value: 'narrow', prefix: 24 })
  t.strictSame(set.match(parseAddress('10.1.2.3')!), { value: 'one', prefix: 32 })
  t.strictSame(set.match(parseAddress('::ffff:10.1.2.3')!), { value: 'one', prefix: 32 })
  t.equal(set.match(parseAddress('11.0.0.0')!), null)
  t.strictSame(set.match(parseAddress('2001:db8::')!), { value: 'v6', prefix: 0 })
  t.ok(Object.isFrozen(set))
  t.ok(Object.isFrozen(set.match(parseAddress('10.1.2.3')!)))
  t.end()
})

t.test('an empty set knows nothing, everywhere', (t) => {
  const set = createNetworkSet([])
  t.equal(set.match(parseAddress('1.2.3.4')!), null)
  t.equal(set.uniformPrefix(parseAddress('1.2.3.4')!), 0)
  t.end()
})

t.test('agrees with a search through the list', (t) => {
  const dice = makeDice(1)
  for (let round = 0; round < 40; round++) {
    const entries = Array.from(
      { length: dice(40) },
      () => [crowdedNetwork(dice, dice(2) === 0 ? 4 : 6), dice(1000)] as const,
    )
    const set = createNetworkSet(entries)
    for (let turn = 0; turn < 50; turn++) {
      const address = crowdedAddress(dice, dice(2) === 0 ? 4 : 6)
      const matching = entries.filter(([candidate]) => contains(candidate, address))
      const best = matching.reduce<(typeof entries)[number] | null>(
        (chosen, entry) => (chosen === null || entry[0].prefix >= chosen[0].prefix ? entry : chosen),
        null,
      )
      t.strictSame(set.match(address), best && { value: best[1], prefix: best[0].prefix })
      const around = networkOf(address, set.uniformPrefix(address))
      t.notOk(
        entries.some(([inner]) => inner.prefix > around.prefix && covers(around, inner)),
        'nothing lies inside',
      )
      const wider = networkOf(address, Math.max(0, around.prefix - 1))
      const needed = entries.some(([inner]) => inner.prefix > wider.prefix && covers(wider, inner))
      t.ok(around.prefix === 0 || needed, 'and it could not be wider')
    }
  }
  t.end()
})
