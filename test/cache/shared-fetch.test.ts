import t from 'tap'
import { Body } from '../../src/cache/body.ts'
import { Flights } from '../../src/cache/flights.ts'

t.test('a thousand ask at once: one fetch, and all have every byte of what failed nowhere', async (t) => {
  const flights = new Flights<Body>({
    maxWaiting: 10_000,
    maxWaitingInAll: 10_000,
    maxWait: 60_000,
    hitForMiss: 1_000,
    maxMarkers: 10,
    now: () => 0,
    after: () => ({ cancel: () => {} }),
  })
  const content = Buffer.alloc(2 ** 20, 'all of it ')
  let fetches = 0
  const clients = Array.from({ length: 1_000 }, async () => {
    const boarding = flights.board('key')
    if (boarding.role === 'alone') throw new Error('nobody is alone')
    if (boarding.role === 'leader') {
      fetches++
      await Promise.resolve()
      const body = new Body()
      boarding.land(body)
      for (let at = 0; at < content.length; at += 65_536) {
        await Promise.resolve()
        body.append(content.subarray(at, at + 65_536))
      }
      body.end()
      boarding.done()
      return true
    }
    const body = (await boarding.landed)!
    let position = 0
    for await (const chunk of body.reader()!) {
      if (chunk.compare(content, position, position + chunk.length) !== 0) return false
      position += chunk.length
    }
    return position === content.length
  })
  t.ok((await Promise.all(clients)).every(Boolean))
  t.equal(fetches, 1)
  t.equal(flights.waiting + flights.flying, 0)
})
