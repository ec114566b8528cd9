import t from 'tap'
import { accept } from '../../src/manifest/accept.ts'
import { ManifestShelf } from '../../src/manifest/shelf.ts'
import { manifestOf, NOW } from './support/manifests.ts'

const HOME = { '/': Buffer.from('x') }
const [one, two, other] = [1, 2, 2].map((sequence, at) => manifestOf(at === 2 ? {} : HOME, { sequence }))

t.test('what may take the place of what', async (t) => {
  const by = (candidate = two!, current = one ?? null, more = {}) => {
    const result = accept(candidate, { site: 'www', current, now: NOW, ...more })
    return typeof result === 'string' ? result : result.fault
  }
  t.equal(by(one, null as never), 'accepted')
  t.equal(by(), 'accepted')
  t.equal(by(two, two), 'unchanged')
  t.equal(by(one, two), 'lower-sequence')
  t.equal(by(other, two), 'same-sequence')
  t.equal(by(two, one, { site: 'shop' }), 'other-site')
  t.equal(by(two, one, { now: two!.expires - 1 }), 'accepted')
  t.equal(by(two, one, { now: two!.expires }), 'expired')
  t.equal(by(two, two, { now: two!.expires }), 'expired')
})

t.test('the one before is there for a while', async (t) => {
  const shelf = new ManifestShelf()
  t.equal(shelf.current('www', NOW), null)
  t.equal(shelf.replaced('www', NOW)[0], undefined)
  shelf.put(one!, null, NOW)
  t.equal(shelf.current('www', NOW), one)
  t.equal(shelf.replaced('www', NOW)[0], undefined)
  shelf.put(two!, one!, NOW + 10)
  t.equal(shelf.current('www', NOW + 9), two)
  t.equal(shelf.replaced('www', NOW + 9)[0], one)
  t.equal(shelf.replaced('www', NOW + 10)[0], undefined)
  t.equal(shelf.current('shop', NOW), null)
  t.equal(shelf.current('www', two!.expires), null, 'an expired one says nothing')
  const three = manifestOf({}, { sequence: 3 })
  shelf.put(three, two!, NOW + 20)
  t.strictSame(shelf.replaced('www', NOW + 9), [two, one], 'sites are published several times in a grace')
  t.strictSame(shelf.replaced('www', NOW + 10), [two])
  shelf.put(three, two!, NOW + 20)
  t.strictSame(shelf.replaced('www', NOW + 9), [two, one], 'to be told twice changes nothing')
  for (let sequence = 4; sequence < 20; sequence++) {
    const current = manifestOf({}, { sequence })
    shelf.put(current, shelf.current('www', NOW), NOW + 20)
  }
  t.equal(shelf.replaced('www', NOW).length, 8, 'and not without end')
  shelf.remove('www')
  t.equal(shelf.current('www', NOW), null)
})
