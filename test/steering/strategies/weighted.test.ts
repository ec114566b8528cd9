import t from 'tap'
import { Draws } from '../../../src/steering/draws.ts'
import { weighted } from '../../../src/steering/strategies/weighted.ts'
import { seededRandom } from '../../helpers/random.ts'
import { makePolicy, standing } from '../support/build.ts'
import { makeField, told } from '../support/field.ts'

const WEIGHTS = { a: 60, b: 29.5, c: 10, rare: 0.5, never: 0 }
const endpoints = Object.entries(WEIGHTS).map(([name, weight], at) => standing(name, 40 * at, { weight }))

t.test('weights order all, however far, and weight 0 comes last', (t) => {
  const ranked = (draw: number) => told(weighted(makeField(endpoints, { draw: () => draw })))
  t.equal(ranked(0), 'a:weight b:weight c:weight rare:weight never:weight')
  t.equal(ranked(0.9999), 'rare:weight c:weight b:weight a:weight never:weight')
  t.strictSame(
    weighted(makeField(endpoints, { draw: () => 0.7 })).map(({ km }) => Math.round(km! / 111.195)),
    [40, 0, 80, 120, 160],
  )
  t.end()
})

for (const start of [0, 0.123, 0.999]) {
  t.test(`shares are right to 0.5 % after 100,000 draws and smooth in short runs, from ${start}`, (t) => {
    const policy = makePolicy({ strategy: 'weighted' })
    const draws = new Draws(() => start)
    const field = { ...makeField(endpoints), draw: () => draws.next(policy) }
    const DRAWS = 100_000
    const WINDOW = 200
    const first = Array.from({ length: DRAWS }, () => weighted(field)[0]!.endpoint.cdnName)
    for (const [name, weight] of Object.entries(WEIGHTS)) {
      const hits = first.map((chosen) => (chosen === name ? 1 : 0))
      const total = hits.reduce<number>((sum, hit) => sum + hit, 0)
      t.ok(Math.abs(total / DRAWS - weight / 100) < 0.0005, `${name}: ${total}`)
      let inWindow = 0
      let worst = 0
      for (let at = 0; at < DRAWS; at++) {
        inWindow += hits[at]! - (at >= WINDOW ? hits[at - WINDOW]! : 0)
        if (at >= WINDOW - 1) worst = Math.max(worst, Math.abs(inWindow - (WINDOW * weight) / 100))
      }
      t.ok(worst < 3, `${name}: off by ${worst} of ${WINDOW}`)
    }
    t.end()
  })
}

t.test('who takes over from an endpoint that fails is drawn by weight too', (t) => {
  const policy = makePolicy()
  const draws = new Draws(seededRandom(3))
  const field = { ...makeField(endpoints), draw: () => draws.next(policy) }
  const second = new Map<string, number>()
  let failed = 0
  for (let draw = 0; draw < 20_000; draw++) {
    const [first, next] = weighted(field).map(({ endpoint }) => endpoint.cdnName)
    if (first !== 'a') continue
    failed++
    second.set(next!, (second.get(next!) ?? 0) + 1)
  }
  t.ok(Math.abs(second.get('b')! / failed - 29.5 / 40) < 0.01, `${second.get('b')} of ${failed}`)
  t.ok(Math.abs(second.get('c')! / failed - 10 / 40) < 0.01, `${second.get('c')} of ${failed}`)
  t.end()
})

t.test('with affinity the client network draws, once and for all', (t) => {
  const ranked = told(weighted(makeField(endpoints, { policy: { affinity: 'client-network' } })))
  t.equal(told(weighted(makeField(endpoints, { policy: { affinity: 'client-network' } }))), ranked)
  t.match(ranked, /^(\w+:affinity ){4}never:affinity$/)
  t.end()
})
