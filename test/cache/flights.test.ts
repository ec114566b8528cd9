import t from 'tap'
import { type Boarding, Flights, type FlightsOptions } from '../../src/cache/flights.ts'

function make(more: Partial<FlightsOptions> = {}) {
  const clock = { now: 0, expiring: new Set<() => void>() }
  const flights = new Flights<string>({
    maxWaiting: 2,
    maxWaitingInAll: 3,
    maxWait: 5_000,
    hitForMiss: 10_000,
    maxMarkers: 2,
    now: () => clock.now,
    after: (_, expire) => {
      clock.expiring.add(expire)
      return { cancel: () => clock.expiring.delete(expire) }
    },
    ...more,
  })
  return { flights, clock }
}

const leader = (boarding: Boarding<string>) => boarding as Extract<Boarding<string>, { role: 'leader' }>
const waiter = (boarding: Boarding<string>) => boarding as Extract<Boarding<string>, { role: 'waiter' }>

t.test('one asks, the others get what comes, and who comes while it comes gets it too', async (t) => {
  const { flights, clock } = make()
  const first = leader(flights.board('a'))
  t.equal(first.role, 'leader')
  const second = waiter(flights.board('a'))
  t.equal(second.role, 'waiter')
  t.equal(flights.board('b').role, 'leader', 'another key is another flight')
  t.equal(flights.waiting, 1)
  first.land('x')
  t.equal(await second.landed, 'x')
  t.equal(flights.waiting, 0)
  t.equal(clock.expiring.size, 0, 'no timer is left')
  t.equal(await waiter(flights.board('a')).landed, 'x')
  first.done()
  t.equal(flights.board('a').role, 'leader')
})

t.test('what is not for others lets them go, and is remembered', async (t) => {
  const { flights, clock } = make()
  const first = leader(flights.board('a'))
  const second = waiter(flights.board('a'))
  flights.mark('a')
  first.land(null)
  t.equal(await second.landed, null)
  t.strictSame(flights.board('a'), { role: 'alone', because: 'hit-for-miss' })
  clock.now = 9_999
  t.equal(flights.board('a').role, 'alone')
  clock.now = 10_000
  t.equal(flights.board('a').role, 'leader')
  flights.mark('a')
  flights.unmark('a')
  t.not(flights.board('a').role, 'alone')
})

t.test('no more wait than may, for one fetch and for all', async (t) => {
  const { flights } = make()
  const first = leader(flights.board('a'))
  const leaving = waiter(flights.board('a'))
  flights.board('a')
  t.strictSame(flights.board('a'), { role: 'alone', because: 'full' })
  flights.board('b')
  t.equal(flights.board('b').role, 'waiter')
  t.strictSame(flights.board('b'), { role: 'alone', because: 'full' }, 'three wait in all')
  leaving.leave()
  leaving.leave()
  t.equal(await leaving.landed, null)
  t.equal(flights.waiting, 2, 'who leaves twice leaves once')
  first.done()
  t.equal(flights.waiting, 1)
})

t.test('nobody waits for longer than may be', async (t) => {
  const { flights, clock } = make()
  const first = leader(flights.board('a'))
  const second = waiter(flights.board('a'))
  for (const expire of [...clock.expiring]) expire()
  t.equal(await second.landed, null)
  first.land('x')
  t.equal(flights.waiting, 0)
})

t.test('what is remembered is bounded, and a late end of one flight does not end the next', async (t) => {
  const { flights } = make()
  for (const key of ['a', 'b', 'c']) flights.mark(key)
  t.equal(flights.board('a').role, 'leader', 'the oldest was forgotten')
  t.equal(flights.board('c').role, 'alone')
  const first = leader(flights.board('x'))
  first.land(null)
  const next = leader(flights.board('x'))
  first.done()
  t.equal(flights.board('x').role, 'waiter')
  next.done()
  t.equal(flights.flying, 1)
})
