import t from 'tap'
import { MbpsSamples } from '../../src/replay/mbps-samples.ts'

const SAMPLE = 300_000
/** Bytes in a sample of one Mbit/s. */
const MBPS = 37_500_000

t.test('the 95th percentile as it is billed', (t) => {
  const samples = new MbpsSamples()
  // A hundred samples, 1…100 Mbit/s in no order: the five highest are free.
  for (let at = 0; at < 100; at++) samples.add('a', (((at * 37) % 100) + 1) * MBPS, at * SAMPLE + 7)
  t.equal(samples.percentile('a'), 95)
  // Less than a twentieth of the time: nothing is billed.
  for (let at = 0; at < 5; at++) samples.add('burst', 1000 * MBPS, at * SAMPLE)
  t.equal(samples.percentile('burst'), 0)
  samples.add('burst', MBPS, 50 * SAMPLE)
  t.equal(samples.percentile('burst'), 1)
  t.equal(samples.percentile('unknown'), 0)
  t.strictSame(samples.names, ['a', 'burst'])
  t.end()
})

t.test('a short log, and bytes of one sample from several requests', (t) => {
  const samples = new MbpsSamples()
  samples.add('a', MBPS, SAMPLE * 2 - 1)
  samples.add('a', MBPS, SAMPLE)
  t.equal(samples.percentile('a'), 2)
  t.equal(new MbpsSamples().percentile('a'), 0)
  t.end()
})
