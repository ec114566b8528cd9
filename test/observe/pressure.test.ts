import t from 'tap'
import { Pressure, processVitals, type Reading, shortageOf, type Vitals } from '../../src/observe/pressure.ts'

const FINE: Vitals = { delay: 0, heap: 0.2, memory: 0.2 }

t.test('what is short, and how many requests that costs', async (t) => {
  const table: [vitals: Partial<Vitals>, reason: string | null, share: number][] = [
    [{}, null, 0],
    [{ delay: 500, heap: 0.85, memory: 0.85 }, null, 0],
    [{ delay: 1_250 }, 'event_loop', 0.475],
    [{ delay: 60_000 }, 'event_loop', 0.95],
    [{ heap: 0.9 }, 'heap', 0.475],
    [{ heap: 1.2 }, 'heap', 0.95],
    [{ memory: 0.93, heap: 0.9, delay: 501 }, 'memory', 0.76],
  ]
  for (const [over, reason, share] of table) {
    const reading = shortageOf({ ...FINE, ...over })
    t.equal(reading?.reason ?? null, reason)
    t.equal((reading?.share ?? 0).toFixed(3), share.toFixed(3), JSON.stringify(over))
  }
})

t.test('a share of requests is shed, and beginning and end are told', async (t) => {
  let vitals = FINE
  let chance = 0
  const told: (Reading | null)[] = []
  const pressure = new Pressure({
    vitals: () => vitals,
    random: () => chance,
    onChange: (reading) => told.push(reading),
  })
  t.teardown(() => pressure.close())
  t.equal(pressure.sheds(), null)
  vitals = { ...FINE, delay: 60_000 }
  pressure.look()
  pressure.look()
  t.equal(pressure.sheds(), 'event_loop')
  chance = 0.96
  t.equal(pressure.sheds(), null, 'some pass at the worst')
  vitals = FINE
  pressure.look()
  chance = 0
  t.equal(pressure.sheds(), null)
  t.same(
    told.map((reading) => reading?.reason),
    ['event_loop', undefined],
  )
})

t.test('the vitals of this process', async (t) => {
  const read = processVitals({ used: () => 300, limit: 1000 }, 2)
  await new Promise((resolve) => setTimeout(resolve, 50))
  read()
  // The first look after a reading has nothing to compare with.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const end = performance.now() + 150
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 50))
  const vitals = read()
  t.ok(vitals.delay > 10, `a blocked loop shows: ${vitals.delay}`)
  t.ok(vitals.heap > 0 && vitals.heap < 1)
  t.equal(vitals.memory, 0.6, 'of its share')
  for (const limit of [0, 2 ** 64]) t.equal(processVitals({ used: () => 300, limit }, 1)().memory, 0, 'no limit')
})
