import t from 'tap'
import { dueNames, dueTime, renewalTime, setback } from '../../src/acme/renewal.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

t.test('renews when a third of the lifetime is left, or somewhat earlier', async (t) => {
  for (const days of [90, 6, 1 / 24]) {
    const notAfter = days * DAY
    const at = (jitter: number) => renewalTime({ notBefore: 0, notAfter, jitter })
    t.equal(Math.round(at(0)), Math.round((notAfter * 2) / 3), `${days} days`)
    t.ok(at(0.99) < at(0) && at(0.99) > notAfter * 0.62, 'jitter makes it a little earlier')
  }
  t.equal(renewalTime({ notBefore: 10, notAfter: 5, jitter: 0 }), 5, 'a certificate that ends before it begins')
})

t.test('waits longer after each failure, up to an hour, and as long as the directory says', async (t) => {
  let last = setback(undefined, 0, null, 0)
  const pauses = [last.until]
  for (let i = 0; i < 8; i++) {
    last = setback(last, 0, null, 0)
    pauses.push(last.until)
  }
  t.same(
    pauses.map((ms) => ms / MINUTE),
    [1, 2, 4, 8, 16, 32, 60, 60, 60],
  )
  t.equal(setback(undefined, 5, null, 1).until, 5 + 1.25 * MINUTE, 'chance adds a quarter at most')
  t.equal(setback(undefined, 0, 3 * HOUR, 0).until, 3 * HOUR)
  t.equal(setback(undefined, 0, 1_000, 0).until, MINUTE, 'a short Retry-After hurries nobody')
  t.equal(setback(undefined, 0, 400 * DAY, 0).until, DAY, 'nobody is silenced for a year')
})

t.test('names without a certificate come first, then those that end first; failures wait', async (t) => {
  const certificate = (notAfter: number) => ({ notBefore: 0, notAfter, jitter: 0 })
  const progress = {
    certificates: new Map([
      ['late', certificate(90 * DAY)],
      ['soon', certificate(61 * DAY)],
      ['ended', certificate(50 * DAY)],
    ]),
    setbacks: new Map([['unlucky', { failures: 1, until: 61 * DAY }]]),
  }
  const names = ['late', 'soon', 'ended', 'unlucky', 'missing']
  t.same(dueNames(names, progress, 60 * DAY - 1), ['missing', 'ended', 'soon'])
  t.same(dueNames(names, progress, 61 * DAY), ['unlucky', 'missing', 'ended', 'soon', 'late'])
  t.equal(dueTime('late', progress), 60 * DAY)
})
