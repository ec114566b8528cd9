import t from 'tap'
import { type Purge, Purges, type PurgeTarget } from '../../src/cache/purges.ts'
import { makeHead } from './support/entry.ts'
import { NOW } from './support/table.ts'

const purge = (target: PurgeTarget, at = 0, soft = false, site = 's'): Purge => ({ site, target, soft, at: NOW + at })
const head = makeHead({ tags: ['red', 'blue'] })

t.test('what was confirmed before a purge does not count, what came later does', async (t) => {
  const targets: PurgeTarget[] = [
    { kind: 'key', value: head.key },
    { kind: 'url', value: 'https://h/a' },
    { kind: 'prefix', value: 'https://h/' },
    { kind: 'tag', value: 'blue' },
    { kind: 'site' },
  ]
  for (const target of targets) {
    const purges = new Purges()
    t.equal(purges.check(head), 'no')
    purges.add(purge(target, 0, true))
    t.strictSame(purges.check(head), { staleSince: NOW }, JSON.stringify(target))
    purges.add(purge(target, 5))
    t.equal(purges.check(head), 'hard', JSON.stringify(target))
    t.equal(purges.check({ ...head, confirmedAt: NOW + 6 }), 'no', 'came later')
    t.equal(purges.check({ ...head, site: 'other' }), 'no', 'another site')
  }
})

t.test('what a purge does not name stays', async (t) => {
  const purges = new Purges()
  purges.add(purge({ kind: 'url', value: 'https://h/b' }))
  purges.add(purge({ kind: 'prefix', value: 'https://h/b' }))
  purges.add(purge({ kind: 'tag', value: 'green' }))
  purges.add(purge({ kind: 'tag', value: 'https://h/a' }))
  purges.add(purge({ kind: 'url', value: 'blue' }))
  t.equal(purges.check(head), 'no')
})

t.test('an older purge does not undo a newer one', async (t) => {
  const purges = new Purges()
  purges.add(purge({ kind: 'site' }, 9))
  purges.add(purge({ kind: 'site' }, 1))
  t.equal(purges.check({ ...head, confirmedAt: NOW + 5 }), 'hard')
})

t.test('all of it can be told another process, and forgotten in time', async (t) => {
  const purges = new Purges()
  purges.add(purge({ kind: 'tag', value: 'red' }, 1))
  purges.add(purge({ kind: 'prefix', value: 'https://h/' }, 2, true))
  purges.add(purge({ kind: 'site' }, 3, true, 'other'))
  const other = new Purges()
  for (const one of purges.all()) other.add(one)
  t.strictSame([...other.all()], [...purges.all()])
  t.equal(other.check(head), 'hard')
  t.equal(other.size, 2)
  other.forget(NOW + 2)
  t.strictSame(other.check(head), { staleSince: NOW + 2 })
  other.forget(NOW + 4)
  t.strictSame([...other.all()], [])
})

t.test('too many become one of the whole site: too much is purged rather than too little', async (t) => {
  const purges = new Purges()
  for (let at = 0; at <= 200; at++) purges.add(purge({ kind: 'prefix', value: `https://h/${at}/` }, at))
  t.equal(purges.size, 1)
  t.equal(purges.check({ ...head, confirmedAt: NOW + 100 }), 'hard')
  t.equal(purges.check({ ...head, confirmedAt: NOW + 201 }), 'no')
})
