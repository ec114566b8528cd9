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
  t.equal(shelf.previous('www', NOW), null)
  shelf.put(one!, null, NOW)
  t.equal(shelf.current('www', NOW), one)
  t.equal(shelf.previous('www', NOW), null)
  shelf.put(two!, one!, NOW + 10)
  t.equal(shelf.current('www', NOW + 9), two)
  t.equal(shelf.previous('www', NOW + 9), one)
  t.equal(shelf.previous('www', NOW + 10), null)
  t.equal(shelf.current('shop', NOW), null)
  t.equal(shelf.current('www', two!.expires), null, 'an expired one says nothing')
  shelf.remove('www')
  t.equal(shelf.current('www', NOW), null)
})
